import pytest
import torch
from segmentation_models_pytorch.losses import TverskyLoss

from mmseg_trash.losses import SoftDiceLoss, SoftIoULoss, SoftTverskyLoss

from .cases import IGNORED, batch


def test_hand_computed_value() -> None:
    # Pixels of the classes 0 and 1 with p(0) = .9 and .5.
    logits = torch.tensor([[0.9, 0.5], [0.1, 0.5]]).log().view(1, 2, 1, 2)
    label = torch.tensor([[[0, 1]]])
    first = 0.9 / (0.9 + 0.3 * 0.5 + 0.7 * 0.1)
    second = 0.5 / (0.5 + 0.3 * 0.1 + 0.7 * 0.5)
    value = SoftTverskyLoss(smooth=0)(logits, label).item()
    assert value == pytest.approx(1 - (first + second) / 2)


@pytest.mark.parametrize('alpha, beta', [(0.3, 0.7), (0.7, 0.3), (1.0, 2.0)])
def test_equals_segmentation_models_pytorch(alpha: float, beta: float) -> None:
    logits, label = batch()
    theirs = TverskyLoss(
        'multiclass', smooth=1.0, ignore_index=IGNORED, alpha=alpha, beta=beta
    )(logits, label)
    ours = SoftTverskyLoss(alpha, beta)(logits, label)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)


def test_between_are_dice_and_iou() -> None:
    logits, label = batch()
    for per_image in (False, True):
        iou = SoftTverskyLoss(1, 1, per_image=per_image)(logits, label).item()
        expected = SoftIoULoss(per_image=per_image)(logits, label).item()
        assert iou == pytest.approx(expected)
        dice = SoftTverskyLoss(0.5, 0.5, per_image=per_image, smooth=0.5)
        expected = SoftDiceLoss(per_image=per_image)(logits, label).item()
        assert dice(logits, label).item() == pytest.approx(expected)


@pytest.mark.parametrize('kind', [SoftTverskyLoss, SoftIoULoss, SoftDiceLoss])
def test_an_absent_class_without_probability(kind: type[SoftTverskyLoss]) -> None:
    """Its index is 0 / 0 when nothing smooths it."""
    logits = torch.zeros(1, 2, 3, 3)
    logits[:, 1] = 1e4
    logits.requires_grad_()
    loss = kind(smooth=0)(logits, torch.ones(1, 3, 3, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.isfinite().all()


def test_bad_arguments_name_the_value() -> None:
    with pytest.raises(ValueError, match=r'alpha .* got -0.5'):
        SoftTverskyLoss(alpha=-0.5)
    with pytest.raises(ValueError, match='beta and smooth'):
        SoftTverskyLoss(beta=0, smooth=0)
