"""GridDistortion: the lines of a grid moved at random."""

import numpy as np
from mmseg.registry import TRANSFORMS

from ..metainfo import IGNORE_INDEX
from .warp_transform import WarpTransform


@TRANSFORMS.register_module()
class GridDistortion(WarpTransform):
    """Stretch and squeeze the rows and columns of a grid.

    Each of the ``num_steps`` stripes along an axis shows a part of the source whose
    width is 1 + U(-limit, limit) times as large as the others', so that all of the
    source remains in the picture and nothing beyond it comes in.

    Args:
        prob: Probability that a sample is warped.
        num_steps: Stripes along each axis, all as wide in the result.
        limit: Largest relative change of a width, in [0, 1).
        pad_val: See :class:`WarpTransform`.
        ignore_index: See :class:`WarpTransform`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        num_steps: int = 5,
        limit: float = 0.3,
        pad_val: float | tuple[float, float, float] = 0,
        ignore_index: int = IGNORE_INDEX,
    ) -> None:
        super().__init__(prob, pad_val, ignore_index)
        if num_steps < 1:
            raise ValueError(f'num_steps must be at least 1, got {num_steps}')
        if not 0 <= limit < 1:
            raise ValueError(f'limit must be in [0, 1), got {limit}')
        self.num_steps = num_steps
        self.limit = limit

    def draw_map(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the widths; see :class:`WarpTransform`."""
        rows, columns = (self._draw_axis(length) for length in (height, width))
        x = np.broadcast_to(columns, (height, width))
        y = np.broadcast_to(rows[:, None], (height, width))
        return np.ascontiguousarray(x), np.ascontiguousarray(y)

    def _draw_axis(self, length: int) -> np.ndarray:
        """Draw where the pixels of one axis come from, float32, (length,)."""
        widths = np.random.uniform(1 - self.limit, 1 + self.limit, self.num_steps)
        edges = np.concatenate([[0.0], np.cumsum(widths)])
        edges *= (length - 1) / edges[-1]
        even = np.linspace(0, length - 1, self.num_steps + 1)
        return np.interp(np.arange(length), even, edges).astype(np.float32)
