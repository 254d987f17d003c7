"""The masks of EoMT's attention go away in the course of training."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from mmseg_trash.hooks import MaskAnnealingHook
from mmseg_trash.hooks.mask_annealing_hook import mask_probability

# Steps at which the authors' configs start and end, and their number of steps.
FOUR = ([14782, 29564, 44346, 59128], [29564, 44346, 59128, 73910], 88692)
THREE = ([14782, 36955, 59128], [29564, 51737, 73910], 88692)


@pytest.mark.parametrize('starts, ends, total', [FOUR, THREE])
def test_is_the_authors(starts: list[int], ends: list[int], total: int) -> None:
    """Their numbers of steps, and (1 - progress)^0.9 between them."""
    for i, (start, end) in enumerate(zip(starts, ends)):
        for step in (0, start, (start + 3 * end) // 4, end, total):
            done = min(max((step - start) / (end - start), 0.0), 1.0)
            found = mask_probability(step / total, i, len(starts), 0.9)
            assert found == pytest.approx((1 - done) ** 0.9, abs=1e-4)


def test_one_block() -> None:
    found = [mask_probability(x / 12, 0, 1, 1.0) for x in (0, 2, 3, 4, 12)]
    assert found == pytest.approx([1, 1, 0.5, 0, 0])


def runner(iteration: int, model: Any) -> Any:
    return SimpleNamespace(model=model, iter=iteration, max_iters=600)


def test_sets_the_buffer_in_place() -> None:
    model: Any = nn.Module()
    model.decode_head = nn.Module()
    model.decode_head.register_buffer('attn_mask_probs', torch.zeros(4))
    buffer, hook = model.decode_head.attn_mask_probs, MaskAnnealingHook(power=1.0)
    expected = {
        0: [1, 1, 1, 1],
        150: [0.5, 1, 1, 1],
        325: [0, 0, 0.75, 1],
        500: [0, 0, 0, 0],
        599: [0, 0, 0, 0],
    }
    for iteration, values in expected.items():
        hook.before_train_iter(runner(iteration, model), 0)
        torch.testing.assert_close(buffer, torch.tensor(values, dtype=torch.float32))
    assert model.decode_head.attn_mask_probs is buffer


def test_refuses() -> None:
    with pytest.raises(ValueError, match='power must be positive, got 0'):
        MaskAnnealingHook(power=0)
    model: Any = nn.Module()
    model.decode_head = nn.Linear(1, 1)
    with pytest.raises(TypeError, match='needs an EoMTHead, got Linear'):
        MaskAnnealingHook().before_train_iter(runner(0, model), 0)
