import itertools

import pytest
import torch
from segmentation_models_pytorch.losses import LovaszLoss
from sklearn.metrics import jaccard_score
from torch import Tensor

from mmseg_trash.losses import LovaszSoftmaxLoss

from .cases import IGNORED, batch


def jaccard_loss(wrong: tuple[int, ...], truth: list[bool]) -> float:
    """Return 1 - IoU of a class when some pixels are wrong."""
    hits = sum(truth) - sum(truth[i] for i in wrong)
    union = sum(truth) + sum(not truth[i] for i in wrong)
    return 1 - hits / union


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('per_image', [False, True])
def test_equals_segmentation_models_pytorch(seed: int, per_image: bool) -> None:
    logits, label = batch(seed)
    theirs = LovaszLoss(
        'multiclass', per_image=per_image, ignore_index=IGNORED, from_logits=True
    )(logits, label)
    ours = LovaszSoftmaxLoss(per_image=per_image)(logits, label)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_is_the_convex_closure_of_the_jaccard_loss() -> None:
    """The extension is the integral over thresholds (the paper's definition 1)."""
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 1, 5)
    label = torch.tensor([[[0, 1, 1, 0, 1]]])
    probs = logits.double().softmax(1)[0, :, 0]
    values = []
    for c in range(2):
        truth = (label.flatten() == c).tolist()
        errors = [abs(t - p) for t, p in zip(truth, probs[c].tolist())]
        steps = sorted({0.0, *errors})
        values.append(
            sum(
                (high - low)
                * jaccard_loss(tuple(i for i in range(5) if errors[i] > low), truth)
                for low, high in itertools.pairwise(steps)
            )
        )
    value = LovaszSoftmaxLoss()(logits, label).item()
    assert value == pytest.approx(sum(values) / 2, rel=1e-5)


def test_of_a_hard_prediction_it_is_the_jaccard_loss() -> None:
    logits, label = batch()
    valid = label != IGNORED
    hard = logits.argmax(1)
    expected = 1 - jaccard_score(label[valid], hard[valid], average='macro')
    sure = 100 * torch.nn.functional.one_hot(hard, 4).permute(0, 3, 1, 2).float()
    assert LovaszSoftmaxLoss()(sure, label).item() == pytest.approx(expected, rel=1e-5)


def test_fractional_weights_are_the_limit_of_repeats() -> None:
    logits, label = batch(ignored=0)
    weight = torch.randint(0, 4, label.shape).float()
    loss = LovaszSoftmaxLoss()
    value = loss(logits, label, weight=weight).item()
    index = torch.arange(label[0].numel())
    repeated: list[Tensor] = [
        index.repeat_interleave(w.flatten().long()) for w in weight
    ]
    pixels = torch.cat([logits[n].flatten(1)[:, i] for n, i in enumerate(repeated)], 1)
    labels = torch.cat([label[n].flatten()[i] for n, i in enumerate(repeated)])
    expected = loss(pixels[None, :, None], labels[None, None]).item()
    assert value == pytest.approx(expected, rel=1e-5)
    assert loss(logits, label, weight=weight * 0.37).item() == pytest.approx(
        expected, rel=1e-4
    )
