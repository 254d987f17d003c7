"""What an exported file says of itself."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import CheckpointError

KEY = 'mmseg_trash'
"""Under which the card lies in the file's metadata, as JSON."""


@dataclass(frozen=True)
class Card:
    """The description that travels inside an exported file.

    The graph takes ``image``, N x 3 x H x W uint8, RGB, and gives ``probs``, N x C x H
    x W float32, 1 in sum over the classes. Mean and deviation are inside.

    Attributes:
        classes: Names; the index is the label.
        palette: RGB colour of each class.
        mean: What the graph subtracts of R, G, B; for information.
        std: What it divides by; for information.
        height: Of the images, or of a window; its least value with ``dynamic`` sizes.
        width: Likewise.
        dynamic: ``size`` (any batch, sizes that are multiples of ``multiple``),
            ``batch`` (any batch), or ``none`` (one image).
        multiple: What sizes have to be a multiple of.
        stride: Steps of the windows over a larger image, in pixels, (y, x).
        slide: The model itself predicts by windows.
        linear: Windows and sizes are averaged as probabilities, not as logarithms.
        align_corners: How the model enlarges its predictions.
        scale: Sides that an image is brought to before, (long, short); None keeps it.
        keep_ratio: Whether that keeps the ratio of the sides.
        divisor: What both sides are then stretched to a multiple of.
        config: Name of the config.
        checkpoint: SHA-256 of the checkpoint's file.
        weights: ``state_dict``, or the name of the average that was taken.
    """

    classes: Sequence[str]
    palette: Sequence[Sequence[int]]
    mean: Sequence[float]
    std: Sequence[float]
    height: int
    width: int
    dynamic: str = 'none'
    multiple: int = 1
    stride: Sequence[int] = (0, 0)
    slide: bool = False
    linear: bool = False
    align_corners: bool = False
    scale: Sequence[int] | None = None
    keep_ratio: bool = True
    divisor: int = 1
    config: str = ''
    checkpoint: str = ''
    weights: str = 'state_dict'

    def dumps(self) -> str:
        """Return the card as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str | None, file: str | os.PathLike[str]) -> 'Card':
        """Read a card.

        Args:
            text: What :meth:`dumps` gave, as found in a file; None if it was not there.
            file: The file, for errors.

        Raises:
            CheckpointError: The file has no card, or a damaged one.
        """
        if text is None:
            raise CheckpointError(f'{file}: was not written by tools/export.py')
        try:
            content = json.loads(text)
            known = {field.name for field in fields(cls)}
            return cls(**{key: content[key] for key in content if key in known})
        except (ValueError, TypeError) as error:
            raise CheckpointError(f'{file}: its description is damaged') from error


def digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file."""
    found = hashlib.sha256()
    with Path(path).open('rb') as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()
