"""Count the parameters and the operations of a segmentor."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

GIGA = 1e9
MEGA = 1e6


@dataclass(frozen=True)
class Complexity:
    """What a segmentor costs.

    Attributes:
        parameters: Number of parameters, auxiliary heads included.
        macs: Multiply-accumulate operations of backbone, neck and decode head for one
            image (convolutions, matrix products, attention; two FLOPs each).
    """

    parameters: int
    macs: int

    @property
    def mega_parameters(self) -> str:
        """Parameters in millions, two decimals."""
        return f'{self.parameters / MEGA:.2f}'

    @property
    def giga_macs(self) -> str:
        """Multiply-accumulate operations in thousand millions, one decimal."""
        return f'{self.macs / GIGA:.1f}'


def _cpu_attention_flops(
    query: torch.Size, key: torch.Size, value: torch.Size, *_: Any, **__: Any
) -> int:
    """Count the CPU's fused attention, which PyTorch's counter overlooks."""
    return sdpa_flop_count(query, key, value)


CPU_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


def count(model: nn.Module, height: int = 512, width: int = 512) -> Complexity:
    """Count a segmentor that stands on any device, ``meta`` too.

    On ``meta`` nothing is computed, and the largest models take seconds.

    Args:
        model: A segmentor of mmseg; left in the mode in which it came.
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        Parameters, and the operations of one image's logits.
    """
    training = model.training
    model.train(False)
    image = torch.empty(1, 3, height, width, device=next(model.parameters()).device)
    counter = FlopCounterMode(
        display=False, custom_mapping={CPU_ATTENTION: _cpu_attention_flops}
    )
    try:
        with torch.no_grad(), counter:
            model(image, mode='tensor')
    finally:
        model.train(training)
    parameters = sum(p.numel() for p in model.parameters())
    return Complexity(parameters, counter.get_total_flops() // 2)
