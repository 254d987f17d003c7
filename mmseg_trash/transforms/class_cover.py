"""Whether one class covers too much of a crop: the counting behind the random crop."""

import cv2
import numpy as np


class CoverTest:
    """Decide for crops of one label map whether they show more than one class enough.

    A crop is *varied* if at least two classes are in it and the largest covers less
    than ``max_ratio`` of its pixels, ignored ones left out on both sides. The answer is
    exact. It is cheap because the class that fails a crop is nearly always the one that
    leads in the whole label map, so that counting this one class settles most crops;
    the full histogram remains for the rest.

    Args:
        label: Label map, (H, W); uint8 is the fast case, other integers work.
        max_ratio: Share of the pixels, in (0, 1), from which on a class is too large.
        ignore_index: Label that is no class.
    """

    def __init__(self, label: np.ndarray, max_ratio: float, ignore_index: int) -> None:
        self.label = label
        self.max_ratio = max_ratio
        self.ignore_index = ignore_index
        self.leader = self._guess_leader()
        self._others: np.ndarray | None = None
        self._ignored: np.ndarray | None = None
        self._total_others = -1

    def is_varied(self, y1: int, y2: int, x1: int, x2: int) -> bool:
        """Return whether the crop ``label[y1:y2, x1:x2]`` is varied."""
        crop = self.label[y1:y2, x1:x2]
        if self.leader is None:
            return self._is_varied_by_histogram(crop)
        if self._others is None:
            self._prepare()
        assert self._others is not None
        if (
            self._ignored is None
            and (crop.size - self._total_others) / crop.size >= self.max_ratio
        ):
            # even with all other classes inside, the leader covers too much
            return False
        others = cv2.countNonZero(self._others[y1:y2, x1:x2])
        valid = crop.size
        if self._ignored is not None:
            ignored = cv2.countNonZero(self._ignored[y1:y2, x1:x2])
            valid, others = valid - ignored, others - ignored
        leading = valid - others
        if others == 0 or leading / valid >= self.max_ratio:
            return False
        if leading > 0 and others / valid < self.max_ratio:
            return True
        return self._is_varied_by_histogram(crop)

    def _guess_leader(self) -> int | None:
        """Guess the largest class from a sparse sample; None if there is nothing."""
        sample = self.label[::32, ::32]
        if self.label.dtype != np.uint8 or sample.size == 0:
            return None
        counts = np.bincount(sample.ravel(), minlength=256)
        if 0 <= self.ignore_index < 256:
            counts[self.ignore_index] = 0
        return int(counts.argmax()) if counts.any() else None

    def _prepare(self) -> None:
        """Mark other classes and ignored pixels once for all crops."""
        self._others = (self.label != self.leader).view(np.uint8)
        self._total_others = cv2.countNonZero(self._others)
        if 0 <= self.ignore_index <= self.label.max():
            ignored = (self.label == self.ignore_index).view(np.uint8)
            self._ignored = ignored if cv2.countNonZero(ignored) else None

    def _is_varied_by_histogram(self, crop: np.ndarray) -> bool:
        """Count every class."""
        labels, counts = np.unique(crop, return_counts=True)
        counts = counts[labels != self.ignore_index]
        if len(counts) < 2:
            return False
        return bool(counts.max() / counts.sum() < self.max_ratio)
