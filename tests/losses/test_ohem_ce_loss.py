import pytest
import torch
import torch.nn.functional as F

from mmseg_trash.losses import OhemCELoss

from .cases import IGNORED, batch


@pytest.mark.parametrize('thresh', [None, 0.05, 0.3, 1.0])
@pytest.mark.parametrize('min_kept', [1, 5, 10_000])
def test_against_loops(thresh: float | None, min_kept: int) -> None:
    logits, label = batch()
    weights = [1.0, 2.0, 3.0, 0.5]
    probs = logits.softmax(1)
    pixels = [
        (probs[n, label[n, i, j], i, j].item(), label[n, i, j].item())
        for n, i, j in (label != IGNORED).nonzero().tolist()
    ]
    pixels.sort()
    kept = [
        (p, c)
        for rank, (p, c) in enumerate(pixels)
        if rank < 2 * min_kept or p < (thresh or 0)
    ]
    total = sum(-weights[c] * torch.tensor(p).log().item() for p, c in kept)
    expected = total / sum(weights[c] for _, c in kept)
    loss = OhemCELoss(thresh, min_kept, class_weight=weights)
    assert loss(logits, label).item() == pytest.approx(expected, rel=1e-4)
    chosen = loss(logits, label, reduction_override='none') > 0
    assert chosen.sum() == len(kept)


def test_keeping_all_is_the_cross_entropy() -> None:
    logits, label = batch()
    expected = F.cross_entropy(logits, label, ignore_index=IGNORED).item()
    assert OhemCELoss(None)(logits, label).item() == pytest.approx(expected)


def test_easy_pixels_pass_no_gradient() -> None:
    logits, label = batch()
    logits.requires_grad_()
    OhemCELoss(0.5, min_kept=1)(logits, label).backward()
    probs = logits.softmax(1).gather(1, label.clamp(max=3)[:, None]).squeeze(1)
    moved = logits.grad.abs().sum(1) > 0
    assert torch.equal(moved, (probs < 0.5) & (label != IGNORED))


def test_pixels_without_weight_are_not_counted() -> None:
    logits, label = batch()
    weight = (torch.rand(label.shape) < 0.5).float()
    loss = OhemCELoss(None, min_kept=10)
    ignored = torch.where(weight > 0, label, IGNORED)
    expected = loss(logits, ignored).item()
    assert loss(logits, label, weight=weight).item() == pytest.approx(expected)


def test_bad_arguments_name_the_value() -> None:
    with pytest.raises(ValueError, match=r'thresh .* got 1.5'):
        OhemCELoss(thresh=1.5)
    with pytest.raises(ValueError, match='thresh 0 keeps no pixel'):
        OhemCELoss(thresh=0)
    with pytest.raises(ValueError, match=r'min_kept .* got 0'):
        OhemCELoss(min_kept=0)
