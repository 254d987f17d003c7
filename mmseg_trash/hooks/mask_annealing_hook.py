"""Take the attention masks of EoMT away in the course of training."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS

_FIRST, _LAST, _WIDTH = 1 / 6, 4 / 6, 1 / 6


def mask_probability(progress: float, block: int, blocks: int, power: float) -> float:
    """Return how likely a query's attention is masked in one of EoMT's blocks.

    Kerssies et al. 2025, arXiv:2503.19108, section 3.3. As in the authors' configs,
    the first block starts at a sixth of the training, the last at four, the others
    evenly between them; each takes a sixth.

    Args:
        progress: Share of the training that is over, 0 to 1.
        block: Number of the block, from 0.
        blocks: How many there are.
        power: Of the polynomial.

    Returns:
        1 to 0.
    """
    start = _FIRST + (_LAST - _FIRST) * (block / (blocks - 1) if blocks > 1 else 0)
    left = 1 - (progress - start) / _WIDTH
    return float(min(max(left, 0.0), 1.0) ** power)


@HOOKS.register_module()
class MaskAnnealingHook(Hook):
    """Set ``attn_mask_probs`` of an :class:`EoMTHead` before each iteration.

    The numbers follow from the iteration alone, so that a resumed run goes on as it
    was; they are saved with the weights.

    Args:
        power: Of the polynomial, see :func:`mask_probability`; the authors' .9.

    Raises:
        ValueError: ``power`` is not positive.
    """

    def __init__(self, power: float = 0.9) -> None:
        if power <= 0:
            raise ValueError(f'power must be positive, got {power}')
        self.power = power

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Set the probabilities of the iteration.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: The batch.

        Raises:
            TypeError: The decode head has no attention masks.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        probs = getattr(model.decode_head, 'attn_mask_probs', None)
        if probs is None:
            kind = type(model.decode_head).__name__
            raise TypeError(f'MaskAnnealingHook needs an EoMTHead, got {kind}')
        progress = runner.iter / runner.max_iters
        values = [
            mask_probability(progress, i, len(probs), self.power)
            for i in range(len(probs))
        ]
        with torch.no_grad():
            probs.copy_(torch.tensor(values))
