"""What a model says of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .visualize import overlay

Picture = NDArray[np.uint8]
Probs = NDArray[np.float32]


@dataclass(frozen=True)
class Area:
    """How much of a photograph a class covers.

    Attributes:
        pixels: Number of pixels.
        share: Of the photograph, 0 to 1.
    """

    pixels: int
    share: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """A label map with its photograph.

    Attributes:
        image: (H, W, 3) uint8, RGB.
        label: (H, W) uint8, the index of a class for each pixel.
        classes: Names of the classes.
        palette: RGB colour of each class.
        name: Name of the photograph's file; empty for one from memory.
        probs: (C, H, W) float32, 1 in sum over the classes; None if not asked for.
    """

    image: Picture
    label: NDArray[np.uint8]
    classes: Sequence[str]
    palette: Sequence[tuple[int, int, int]]
    name: str = ''
    probs: Probs | None = None

    @cached_property
    def areas(self) -> dict[str, Area]:
        """The classes that are present, the largest first."""
        counts = np.bincount(self.label.ravel(), minlength=len(self.classes))
        order = sorted(np.flatnonzero(counts).tolist(), key=lambda i: -counts[i])
        total = self.label.size
        return {
            self.classes[i]: Area(int(counts[i]), float(counts[i]) / total)
            for i in order
        }

    def overlay(self, opacity: float = 0.6) -> Picture:
        """Return the photograph with its objects tinted, (H, W, 3) uint8, RGB."""
        return overlay(self.image, self.label, self.palette, opacity)

    def label_image(self) -> Image.Image:
        """Return the label map as a picture with palette; its values are the labels."""
        picture = Image.fromarray(self.label)
        picture.putpalette(np.array(self.palette, np.uint8).tobytes())
        return picture
