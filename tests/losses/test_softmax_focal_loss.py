import math

import pytest
import torch
import torch.nn.functional as F
from segmentation_models_pytorch.losses._functional import (
    softmax_focal_loss_with_logits,
)

from mmseg_trash.losses import SoftmaxFocalLoss

from .cases import IGNORED, batch


def test_hand_computed_value() -> None:
    logits = torch.tensor([[0.9, 0.5], [0.1, 0.5]]).log().view(1, 2, 1, 2)
    label = torch.tensor([[[0, 1]]])
    first, second = -0.01 * math.log(0.9), -0.25 * math.log(0.5)
    value = SoftmaxFocalLoss()(logits, label).item()
    assert value == pytest.approx(0.25 * (first + second) / 2)


@pytest.mark.parametrize('gamma', [0.5, 1.0, 2.0, 5.0])
def test_equals_segmentation_models_pytorch(gamma: float) -> None:
    logits, label = batch(ignored=0)
    theirs = softmax_focal_loss_with_logits(logits, label, gamma)
    ours = SoftmaxFocalLoss(gamma, alpha=1)(logits, label)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_weights_and_ignored_pixels_against_loops() -> None:
    logits, label = batch()
    weights = [1.0, 2.0, 3.0, 0.5]
    probs = logits.double().softmax(1)
    total = divisor = 0.0
    for n, i, j in (label != IGNORED).nonzero().tolist():
        c = label[n, i, j].item()
        p = probs[n, c, i, j].item()
        total -= weights[c] * (1 - p) ** 2 * math.log(p)
        divisor += weights[c]
    value = SoftmaxFocalLoss(alpha=1, class_weight=weights)(logits, label).item()
    assert value == pytest.approx(total / divisor, rel=1e-5)


def test_gamma_zero_is_the_cross_entropy() -> None:
    logits, label = batch()
    expected = F.cross_entropy(logits, label, ignore_index=IGNORED).item()
    assert SoftmaxFocalLoss(0, 1)(logits, label).item() == pytest.approx(expected)


@pytest.mark.parametrize('gamma', [0.0, 0.1, 0.5, 1.0])
def test_a_certain_pixel_has_a_finite_gradient(gamma: float) -> None:
    """The slope of a root is infinite at 0, and infinity times 0 is NaN."""
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 0] = torch.tensor([1e4, 90.0, 17.0])
    logits.requires_grad_()
    label = torch.zeros(1, 1, 3, dtype=torch.long)
    loss = SoftmaxFocalLoss(gamma)(logits, label)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_bad_arguments_name_the_value() -> None:
    with pytest.raises(ValueError, match=r'gamma .* got -1'):
        SoftmaxFocalLoss(gamma=-1)
    with pytest.raises(ValueError, match=r'alpha .* got inf'):
        SoftmaxFocalLoss(alpha=float('inf'))
