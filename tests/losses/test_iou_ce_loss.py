import pytest
import torch
import torch.nn.functional as F
from segmentation_models_pytorch.losses import JaccardLoss

from mmseg_trash.losses import IoUCELoss

IGNORED = 255


def batch(seed=0, images=2, classes=4, size=8, ignored=0.3):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(images, classes, size, size, generator=generator)
    label = torch.randint(classes, (images, size, size), generator=generator)
    label[torch.rand(label.shape, generator=generator) < ignored] = IGNORED
    label[:, 0, :classes] = torch.arange(classes)
    return logits, label


def test_hand_computed_value():
    # Two pixels of class 0 with p(0) = 0.9 and 0.5: soft IoU 1.4 / 2.
    logits = torch.tensor([[0.9, 0.5], [0.1, 0.5]]).log().view(1, 2, 1, 2)
    label = torch.zeros(1, 1, 2, dtype=torch.long)
    cross_entropy = -(torch.tensor(0.9).log() + torch.tensor(0.5).log()).item() / 2
    value = IoUCELoss(smooth=0)(logits, label).item()
    assert value == pytest.approx(0.4 * 0.3 + 0.6 * cross_entropy)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('weights', [None, [0.5, 1.0, 2.0, 0.0]])
def test_equals_torch_and_segmentation_models_pytorch(seed, weights):
    logits, label = batch(seed)
    class_weight = None if weights is None else torch.tensor(weights)
    cross_entropy = F.cross_entropy(
        logits, label, weight=class_weight, ignore_index=IGNORED
    )
    jaccard = JaccardLoss(
        'multiclass', smooth=1.0, ignore_index=IGNORED, class_weights=weights
    )(logits, label)
    only_ce = IoUCELoss(iou_weight=0, ce_weight=1, class_weight=weights)
    only_iou = IoUCELoss(iou_weight=1, ce_weight=0, class_weight=weights)
    both = IoUCELoss(class_weight=weights)
    assert only_ce(logits, label).item() == pytest.approx(cross_entropy.item())
    assert only_iou(logits, label).item() == pytest.approx(jaccard.item(), abs=1e-6)
    expected = 0.4 * jaccard.item() + 0.6 * cross_entropy.item()
    assert both(logits, label).item() == pytest.approx(expected, abs=1e-6)


def test_pixel_weights_make_a_weighted_mean():
    logits, label = batch()
    weight = torch.rand(label.shape)
    weight[:, 4:] = 0
    nll = F.cross_entropy(logits, label, ignore_index=IGNORED, reduction='none')
    counted = weight * (label != IGNORED)
    expected = ((nll * counted).sum() / counted.sum()).item()
    loss = IoUCELoss(iou_weight=0, ce_weight=1)
    assert loss(logits, label, weight=weight).item() == pytest.approx(expected)
    divided = loss(logits, label, weight=weight, avg_factor=50).item()
    assert divided == pytest.approx((nll * counted).sum().item() / 50)


def test_ideal_below_bad_below_worst():
    _, label = batch(ignored=0)
    ideal = F.one_hot(label, 4).permute(0, 3, 1, 2).float() * 30
    loss = IoUCELoss()
    values = [
        loss(logits, label).item()
        for logits in (ideal, ideal * 0.02, ideal.roll(1, dims=1))
    ]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[0] < values[1] < values[2]


def test_both_terms_pass_a_gradient():
    logits, label = batch()
    gradients = []
    for iou_weight, ce_weight in ((1, 0), (0, 1), (0.4, 0.6)):
        leaf = logits.clone().requires_grad_()
        IoUCELoss(iou_weight, ce_weight)(leaf, label).backward()
        assert leaf.grad.isfinite().all()
        assert leaf.grad.abs().max() > 1e-5
        gradients.append(leaf.grad)
    expected = 0.4 * gradients[0] + 0.6 * gradients[1]
    assert torch.allclose(gradients[2], expected, atol=1e-7)


class Probe(IoUCELoss):
    """Fails where the terms would be computed under autocast."""

    def _loss(self, *args):
        assert not torch.is_autocast_enabled('cpu')
        return super()._loss(*args)


def test_autocast_does_not_change_the_value():
    logits, label = batch()
    expected = IoUCELoss(class_weight=[1, 2, 3, 4])(logits, label)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        inside = Probe(class_weight=[1, 2, 3, 4])(logits, label)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, expected)


def test_bad_weights_name_the_value():
    with pytest.raises(ValueError, match=r'iou_weight .* got -0.4'):
        IoUCELoss(iou_weight=-0.4)
    with pytest.raises(ValueError, match=r'ce_weight .* got nan'):
        IoUCELoss(ce_weight=float('nan'))
