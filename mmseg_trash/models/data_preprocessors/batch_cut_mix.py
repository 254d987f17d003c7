"""BatchCutMix: CutMix within a batch, on the device."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...metainfo import IGNORE_INDEX
from ...transforms.cut_box import draw_box
from .batch_mix import BatchMix


@MODELS.register_module()
class BatchCutMix(BatchMix):
    """Paste a box of the next sample over a sample.

    The batch form of the transform :class:`CutMix`, with the same boxes; ignored pixels
    and padding are never pasted.

    Args:
        prob: Probability that a sample is mixed.
        alpha: Of the Beta distribution of the share that stays; 1 is even.
        ignore_index: Label that is never pasted.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self, prob: float = 0.5, alpha: float = 1.0, ignore_index: int = IGNORE_INDEX
    ) -> None:
        super().__init__(prob)
        if alpha <= 0:
            raise ValueError(f'alpha must be positive, got {alpha}')
        self.alpha = alpha
        self.ignore_index = ignore_index

    def draw(self, labels: Tensor) -> list[tuple[int, int, int, int]]:
        """Draw a box (y1, y2, x1, x2) for each sample."""
        height, width = labels.shape[1:]
        return [draw_box((height, width), self.alpha) for _ in range(len(labels))]

    def choose(self, donors: Tensor, plan: list[tuple[int, int, int, int]]) -> Tensor:
        """Return which pixels of the donors are pasted, bool (N, H, W)."""
        inside = torch.zeros_like(donors, dtype=torch.bool)
        for box, (y1, y2, x1, x2) in zip(inside, plan):
            box[y1:y2, x1:x2] = True
        return inside & (donors != self.ignore_index)
