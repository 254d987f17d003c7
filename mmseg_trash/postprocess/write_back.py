"""Write small objects back that a CRF removed although the models agree on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from .checks import as_label, is_count, is_number
from .components import find_components


@dataclass(frozen=True)
class WriteBackParams:
    """When an object is written back.

    Attributes:
        min_area: Least number of pixels of an object.
        max_area: Greatest number; larger ones are left to the CRF.
        agreement: Share of the members that must see the object's class at each of its
            pixels, above 1/2 and up to 1.
        max_kept: An object counts as removed where at most this share of its pixels
            still has its class.

    Raises:
        ConfigError: A value is out of range.
    """

    min_area: int = 16
    max_area: int = 32 * 32
    agreement: float = 1.0
    max_kept: float = 0.5

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('min_area', 'max_area'):
            value = getattr(self, name)
            if not is_count(value, 1):
                raise ConfigError(
                    f'WriteBackParams: {name} must be an integer from 1, got {value!r}'
                )
        if self.min_area > self.max_area:
            raise ConfigError(
                f'WriteBackParams: expected min_area <= max_area, '
                f'got {self.min_area} and {self.max_area}'
            )
        if not is_number(self.agreement) or not 0.5 < self.agreement <= 1:
            raise ConfigError(
                'WriteBackParams: agreement must lie in (1/2, 1], '
                f'got {self.agreement!r}'
            )
        if not is_number(self.max_kept) or not 0 <= self.max_kept < 1:
            raise ConfigError(
                f'WriteBackParams: max_kept must lie in [0, 1), got {self.max_kept!r}'
            )


def write_back(
    label: NDArray[np.integer],
    members: Sequence[NDArray[np.integer]],
    params: WriteBackParams | None = None,
    background: int = 0,
) -> NDArray[np.uint8]:
    """Restore the small objects that all members see and the label map has lost.

    The winning team's last step: what the members agree on is split into connected
    parts; those of the right size that the CRF gave mostly to other classes are written
    over its result.

    Args:
        label: H x W integers in 0..255, after the CRF.
        members: The label maps, H x W, of the models without CRF.
        params: The thresholds; None takes the defaults.
        background: A class that is never written.

    Returns:
        A new label map, H x W uint8.

    Raises:
        ValueError: There is no member, or shapes or labels are wrong.
    """
    params = params or WriteBackParams()
    if not len(members):
        raise ValueError('write_back needs the label map of at least one member')
    result = as_label(label)
    seen = [as_label(member, label.shape) for member in members]
    objects = find_components(
        agreed_label(seen, params.agreement, background), background
    )
    if not len(objects.sizes):
        return result
    fits = (objects.sizes >= params.min_area) & (objects.sizes <= params.max_area)
    inside = objects.index >= 0
    part = objects.index[inside]
    same = result[inside] == objects.classes[part]
    kept = np.bincount(part, weights=same, minlength=len(fits)) / objects.sizes
    chosen = fits & (kept <= params.max_kept)
    written = inside.copy()
    written[inside] = chosen[part]
    result[written] = objects.classes[objects.index[written]]
    return result


def agreed_label(
    members: Sequence[NDArray[np.uint8]], agreement: float, background: int = 0
) -> NDArray[np.uint8]:
    """Return the class that enough members see at each pixel, elsewhere background.

    Args:
        members: Label maps, H x W uint8.
        agreement: Share of the members, above 1/2 and up to 1.
        background: The class where they do not agree.

    Returns:
        H x W uint8.
    """
    needed = ceil(agreement * len(members) - 1e-9)
    result = np.full(members[0].shape, background, np.uint8)
    if needed == len(members):
        same = np.logical_and.reduce([member == members[0] for member in members])
        np.copyto(result, members[0], where=same)
        return result
    present = np.unique(np.concatenate([np.unique(member) for member in members]))
    for value in present:
        votes = sum((member == value).astype(np.int32) for member in members)
        result[votes >= needed] = value
    return result
