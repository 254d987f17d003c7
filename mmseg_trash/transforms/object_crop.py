"""Cut objects out of donors and lay them into images."""

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np


@dataclass
class ObjectCrop:
    """A decoded object.

    Attributes:
        image: BGR, (h, w, 3), with some surroundings where edges are to be feathered.
        cover: 255 on the object's pixels and 0 elsewhere, (h, w).
        label: Its label.
    """

    image: np.ndarray
    cover: np.ndarray
    label: int


@dataclass
class Placement:
    """Where and how an object is pasted.

    Attributes:
        crop: The object.
        scale: Factor of its size.
        flip: Whether it is flipped from left to right.
        centre: Pixel (y, x) of the image where its centre comes to lie.
        only: Label that may be covered; None for all.
    """

    crop: ObjectCrop
    scale: float
    flip: bool
    centre: tuple[int, int]
    only: int | None = None


def cut_out(
    image: np.ndarray, cover: np.ndarray, label: int, sigma: float
) -> ObjectCrop:
    """Cut an object out of its image.

    Args:
        image: (H, W, 3).
        cover: bool, (H, W), at least one pixel set.
        label: The object's label.
        sigma: Width of the feathered edge in pixels; twice as much stays around.
    """
    margin = ceil(2 * sigma)
    box = []
    for axis, length in enumerate(cover.shape):
        found = np.flatnonzero(cover.any(axis=1 - axis))
        first, last = max(found[0] - margin, 0), min(found[-1] + 1 + margin, length)
        box.append(slice(first, last))
    rows, columns = box
    return ObjectCrop(
        image[rows, columns].copy(), cover[rows, columns].astype(np.uint8) * 255, label
    )


def fitting_scale(crop: ObjectCrop, scale: float, shape: tuple[int, int]) -> float:
    """Return the scale, lowered so far that the object fits into (height, width)."""
    height, width = crop.cover.shape
    return min(scale, shape[0] / height, shape[1] / width)


def lay_in(
    image: np.ndarray,
    label: np.ndarray,
    placement: Placement,
    sigma: float,
    min_area: int,
) -> int:
    """Lay an object over an image and its label map, in place.

    Args:
        image: uint8, (H, W, 3).
        label: uint8, (H, W).
        placement: The object and where it goes; what reaches beyond the image is cut.
        sigma: Standard deviation of the feathered edge in pixels, 0 for a hard one.
            Colours are blended by the blurred cover; the label is the object's where
            this is at least one half.
        min_area: Nothing happens if fewer pixels would get the label.

    Returns:
        Number of pixels that got the label.
    """
    pasted, cover = _transform(placement)
    if sigma:
        size = 2 * ceil(2 * sigma) + 1
        cover = cv2.GaussianBlur(
            cover, (size, size), sigma, borderType=cv2.BORDER_REPLICATE
        )
    target, source = [], []
    for centre, length, limit in zip(placement.centre, cover.shape, label.shape):
        start = centre - length // 2
        first, stop = max(start, 0), min(start + length, limit)
        if first >= stop:
            return 0
        target.append(slice(first, stop))
        source.append(slice(first - start, stop - start))
    rows, columns = target
    pasted, cover = pasted[tuple(source)], cover[tuple(source)]
    image_part, label_part = image[rows, columns], label[rows, columns]
    if placement.only is not None:
        cover = cover * (label_part == placement.only)
    visible = (cover > 127).view(np.uint8)
    area = cv2.countNonZero(visible)
    if area < min_area:
        return 0
    if sigma:
        alpha = cover.astype(np.float32) / 255
        image_part[:] = cv2.blendLinear(pasted, image_part, alpha, 1 - alpha)
    else:
        cv2.copyTo(pasted, visible, image_part)
    label_part[visible.view(bool)] = placement.crop.label
    return area


def _transform(placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Return image and cover of an object, resized and flipped."""
    crop = placement.crop
    height, width = (max(1, round(n * placement.scale)) for n in crop.cover.shape)
    image, cover = (
        cv2.resize(array, (width, height), interpolation=cv2.INTER_LINEAR)
        for array in (crop.image, crop.cover)
    )
    if placement.flip:
        image, cover = cv2.flip(image, 1), cv2.flip(cover, 1)
    return image, cover
