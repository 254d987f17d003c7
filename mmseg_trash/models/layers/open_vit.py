"""A vision transformer whose last blocks are left to the head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

Block = Callable[[Tensor, Tensor | None], Tensor]


@dataclass
class OpenViT:
    """What a backbone hands to a head that runs its last blocks itself.

    Attributes:
        tokens: Class token, registers and patches before the open blocks,
            (B, prefix + h * w, C). Further tokens may be put in front of them.
        size: Height and width in patches.
        prefix: Number of tokens before the patches.
        blocks: The open blocks. Each takes tokens and a mask, bool (B, 1, N, N), True
            where the first of two tokens may attend to the second; None for everywhere.
        norm: The final norm.
    """

    tokens: Tensor
    size: tuple[int, int]
    prefix: int
    blocks: Sequence[Block]
    norm: Callable[[Tensor], Tensor]
