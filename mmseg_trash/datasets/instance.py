"""One object of an image, decoded on demand."""

from typing import NamedTuple

import numpy as np
import pycocotools.mask as coco_mask


class Instance(NamedTuple):
    """One object of an image.

    Attributes:
        label: Its label.
        bbox: Tight box of its pixels: x, y, width, height.
        area: Number of its pixels, those under other objects included.
        image_shape: (height, width) of the image.
        code: Compressed run-length code of the pixels within the box.
        annotation_id: Its id in the JSON.
    """

    label: int
    bbox: tuple[int, int, int, int]
    area: int
    image_shape: tuple[int, int]
    code: bytes
    annotation_id: int

    def crop(self) -> np.ndarray:
        """Decode within the box: (height, width) of the box, bool."""
        size = [self.bbox[3], self.bbox[2]]
        return coco_mask.decode({'size': size, 'counts': self.code}).view(bool)

    def decode(self) -> np.ndarray:
        """Decode in the image: (height, width) of the image, bool."""
        full = np.zeros(self.image_shape, bool)
        x, y, w, h = self.bbox
        full[y : y + h, x : x + w] = self.crop()
        return full


class InstanceIndex(NamedTuple):
    """All objects of a data set: (M,) int64 each, sorted by image.

    Attributes:
        image: Index of the object's image in the data set.
        label: Its label.
        area: Its pixels.
        order: Its place in ``TrashDataset.instances(image)``.
    """

    image: np.ndarray
    label: np.ndarray
    area: np.ndarray
    order: np.ndarray
