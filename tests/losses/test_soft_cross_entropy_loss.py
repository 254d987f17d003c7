import pytest
import torch
import torch.nn.functional as F
from segmentation_models_pytorch import losses as smp
from sklearn.metrics import log_loss

from mmseg_trash.losses import SoftCrossEntropyLoss

from .cases import IGNORED, batch

WEIGHTS = [0.5, 1.0, 2.0, 0.0]


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('weights', [None, WEIGHTS])
@pytest.mark.parametrize('smoothing', [0.0, 0.1, 0.9])
def test_equals_torch(seed: int, weights: list[float] | None, smoothing: float) -> None:
    logits, label = batch(seed)
    leaf, other = (logits.clone().requires_grad_() for _ in range(2))
    loss = SoftCrossEntropyLoss(smoothing, weights)(leaf, label)
    tensor = None if weights is None else torch.tensor(weights)
    options = dict(weight=tensor, label_smoothing=smoothing, ignore_index=IGNORED)
    expected = F.cross_entropy(other, label, **options)
    assert loss.item() == pytest.approx(expected.item())
    loss.backward()
    expected.backward()
    assert torch.allclose(leaf.grad, other.grad, atol=1e-7)
    for reduction in ('none', 'sum'):
        ours = SoftCrossEntropyLoss(smoothing, weights)(
            logits, label, reduction_override=reduction
        )
        theirs = F.cross_entropy(logits, label, reduction=reduction, **options)
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_equals_segmentation_models_pytorch() -> None:
    logits, label = batch()
    theirs = smp.SoftCrossEntropyLoss(
        smooth_factor=0.1, ignore_index=IGNORED, reduction='sum'
    )(logits, label)
    ours = SoftCrossEntropyLoss()(logits, label, reduction_override='sum')
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_equals_scikit_learn() -> None:
    logits, label = batch()
    valid = label != IGNORED
    probs = logits.double().softmax(1).permute(0, 2, 3, 1)[valid]
    weights = torch.tensor(WEIGHTS)[label[valid]]
    expected = log_loss(label[valid], probs, sample_weight=weights)
    value = SoftCrossEntropyLoss(0, WEIGHTS)(logits, label).item()
    assert value == pytest.approx(expected, rel=1e-5)


def test_smoothing_punishes_certainty() -> None:
    _, label = batch(ignored=0)
    ideal = F.one_hot(label, 4).permute(0, 3, 1, 2).float()
    # The best probability of the truth is 1 - ε + ε/C = .925: a margin of log(37).
    best = torch.tensor(37.0).log() * ideal
    loss = SoftCrossEntropyLoss(0.1)
    values = [loss(factor * best, label).item() for factor in (0.9, 1.0, 1.1)]
    assert values[1] < min(values[0], values[2])


def test_bad_smoothing() -> None:
    for wrong in (-0.1, 1.1, float('nan')):
        with pytest.raises(ValueError, match=f'label_smoothing .* got {wrong}'):
            SoftCrossEntropyLoss(wrong)
