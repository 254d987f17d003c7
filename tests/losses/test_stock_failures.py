"""The inputs on which mmseg's own losses fail, are wrong or are blind."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor

from .cases import IGNORED, Builder, batch

OVERLAPS = ('SoftDiceLoss', 'SoftIoULoss', 'SoftTverskyLoss', 'LovaszSoftmaxLoss')


def ideal(label: Tensor, classes: int = 4) -> Tensor:
    """Return logits that are sure of the truth."""
    known = torch.where(label == IGNORED, 0, label)
    return 50 * F.one_hot(known, classes).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize('name', OVERLAPS)
def test_perfect_prediction_with_half_of_the_image_ignored(name: str) -> None:
    """mmseg's DiceLoss gives .333."""
    _, label = batch(ignored=0)
    logits = ideal(label)
    label[:, 4:] = IGNORED
    assert MODELS.build(dict(type=name))(logits, label).item() == pytest.approx(0)


@pytest.mark.parametrize('name', OVERLAPS)
def test_all_background_is_punished(name: str) -> None:
    """mmseg's DiceLoss gives .010 where 1 % is foreground."""
    label = torch.zeros(1, 100, 100, dtype=torch.long)
    label[0, :10, :10] = 1
    logits = ideal(torch.zeros_like(label), 2)
    value = MODELS.build(dict(type=name))(logits, label).item()
    assert value == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize('name', OVERLAPS)
def test_float16_of_a_large_image(name: str) -> None:
    """mmseg's DiceLoss gives exactly 1, its TverskyLoss NaN."""
    generator = torch.Generator().manual_seed(0)
    label = torch.randint(2, (1, 1024, 1024), generator=generator)
    logits = (ideal(label, 2) / 25).half().requires_grad_()
    loss = MODELS.build(dict(type=name))(logits, label)
    exact = MODELS.build(dict(type=name))(logits.detach().double(), label)
    assert 0.01 < exact.item() < 0.5
    assert loss.item() == pytest.approx(exact.item(), rel=1e-5)
    (loss * 2**16).backward()
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().max() > 0


def test_focal_loss_on_a_cpu() -> None:
    """mmseg's FocalLoss raises a RuntimeError with two or more classes."""
    logits, label = batch()
    assert MODELS.build(dict(type='SoftmaxFocalLoss'))(logits, label).item() > 0


@pytest.mark.parametrize('avg_non_ignore', [False, True])
def test_weighted_cross_entropy_with_ignored_pixels(avg_non_ignore: bool) -> None:
    """mmseg's CrossEntropyLoss raises an IndexError, in one or both of the cases."""
    logits, label = batch()
    loss = MODELS.build(
        dict(type='SoftCrossEntropyLoss', label_smoothing=0, class_weight=[1, 2, 3, 4])
    )
    expected = F.cross_entropy(
        logits, label, torch.tensor([1.0, 2, 3, 4]), ignore_index=IGNORED
    )
    number = int((label != IGNORED).sum()) if avg_non_ignore else None
    value = loss(logits, label, avg_factor=number, avg_non_ignore=avg_non_ignore)
    if number:
        weights = torch.tensor([1.0, 2, 3, 4])[label[label != IGNORED]]
        expected = expected * weights.sum() / number
    assert value.item() == pytest.approx(expected.item())


def test_all_ignored_or_one_pixel(build: Builder) -> None:
    """mmseg's LovaszLoss gives NaN and an IndexError."""
    logits, label = batch()
    label[:] = IGNORED
    assert build()(logits, label).item() == 0
    label[0, 0, 0] = 2
    assert build()(logits, label).isfinite()


def test_ohem_where_all_pixels_are_equally_easy() -> None:
    """mmseg's OhemCrossEntropy gives NaN: no pixel is strictly below the limit."""
    _, label = batch(ignored=0)
    logits = ideal(label).requires_grad_()
    loss = MODELS.build(dict(type='OhemCELoss', min_kept=5))(logits, label)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert logits.grad.isfinite().all()
