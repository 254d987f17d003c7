"""Which pixels and which images of a prediction become labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from ..metainfo import IGNORE_INDEX

BELOW = ('ignore', 'background', 'keep')


def thresholds(
    threshold: float, of_classes: Mapping[str, float], classes: Sequence[str]
) -> NDArray[np.float32]:
    """Return the threshold of each class, (C,).

    Args:
        threshold: Of all classes, in [0, 1].
        of_classes: Class name -> its own threshold.
        classes: Names of the classes.

    Raises:
        ConfigError: A class does not exist, or a value is out of range.
    """
    unknown = set(of_classes) - set(classes)
    if unknown:
        raise ConfigError(f'threshold of {min(unknown)!r}: is none of {list(classes)}')
    values = np.array([of_classes.get(n, threshold) for n in classes], np.float32)
    for name, value in zip(classes, values):
        if not 0 <= value <= 1:
            raise ConfigError(f'threshold of {name!r}: expected 0 to 1, got {value:g}')
    return values


@dataclass(frozen=True)
class PixelRule:
    """Rule 1: a pixel counts if its highest probability reaches a threshold.

    Attributes:
        threshold: Smallest probability that counts.
        of_classes: Class name -> its own threshold, by the predicted class.
        below: What the other pixels become: ``'ignore'`` the ignore index,
            ``'background'`` the first class, ``'keep'`` leaves them as predicted.
    """

    threshold: float = 0.9
    of_classes: Mapping[str, float] = field(default_factory=dict)
    below: str = 'ignore'

    def __post_init__(self) -> None:
        if self.below not in BELOW:
            raise ConfigError(f'below must be one of {BELOW}, got {self.below!r}')

    def apply(
        self, probs: NDArray[np.float32], classes: Sequence[str]
    ) -> NDArray[np.uint8]:
        """Make the label map of an image.

        Args:
            probs: (C, H, W), from 0 to 1.
            classes: Names of the classes, the first one is the background.

        Returns:
            (H, W): labels, and the ignore index for ``below='ignore'``.
        """
        label = probs.argmax(0).astype(np.uint8)
        if self.below == 'keep':
            return label
        limits = thresholds(self.threshold, self.of_classes, classes)
        value = IGNORE_INDEX if self.below == 'ignore' else 0
        label[probs.max(0) < limits[label]] = value
        return label


@dataclass(frozen=True)
class ImageRule:
    """Rule 2: an image counts if few of its foreground pixels are doubtful.

    Attributes:
        threshold: A pixel is doubtful if its highest probability is no higher.
        of_classes: Class name -> its own threshold, by the predicted class.
        max_share: Largest share of the foreground pixels that may be doubtful.
        keep_empty: Whether an image without foreground counts.
    """

    threshold: float = 0.8
    of_classes: Mapping[str, float] = field(default_factory=dict)
    max_share: float = 0.1
    keep_empty: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.max_share <= 1:
            raise ConfigError(f'max_share must be in [0, 1], got {self.max_share}')

    def refusal(self, probs: NDArray[np.float32], classes: Sequence[str]) -> str | None:
        """Say why an image does not count; None if it does.

        Args:
            probs: (C, H, W), from 0 to 1.
            classes: Names of the classes, the first one is the background.
        """
        label = probs.argmax(0)
        foreground = label > 0
        number = int(foreground.sum())
        if not number:
            return None if self.keep_empty else 'no foreground'
        limits = thresholds(self.threshold, self.of_classes, classes)
        doubtful = int((foreground & (probs.max(0) <= limits[label])).sum())
        if doubtful <= self.max_share * number:
            return None
        return f'{doubtful / number:.1%} of the foreground is doubtful'


@dataclass(frozen=True)
class Rules:
    """What makes label maps of probabilities: a rule for pixels, one for images.

    Attributes:
        pixel: Which pixels count; ``below='keep'`` takes all.
        image: Which images count; None takes all.
    """

    pixel: PixelRule
    image: ImageRule | None = None

    def apply(
        self, probs: NDArray[np.float32], classes: Sequence[str]
    ) -> tuple[NDArray[np.uint8], str | None]:
        """Make the label map of an image.

        Returns:
            The label map, (H, W), and why the image does not count (None: it does).
        """
        label = self.pixel.apply(probs, classes)
        reason = self.image.refusal(probs, classes) if self.image else None
        if reason is None and (label == IGNORE_INDEX).all():
            reason = 'no pixel reaches the threshold'
        return label, reason


def choose_rules(
    kind: str, pixel: Mapping[str, Any], image: Mapping[str, Any]
) -> Rules:
    """Return the rules of a name.

    Args:
        kind: ``'pixel'`` is rule 1, ``'image'`` rule 2 with all pixels, ``'both'`` the
            images of rule 2 with the pixels of rule 1.
        pixel: Arguments of :class:`PixelRule`.
        image: Arguments of :class:`ImageRule`.

    Raises:
        ConfigError: There is no such kind, or a value is out of range.
    """
    if kind == 'pixel':
        return Rules(PixelRule(**pixel))
    if kind == 'image':
        return Rules(PixelRule(below='keep'), ImageRule(**image))
    if kind == 'both':
        return Rules(PixelRule(**pixel), ImageRule(**image))
    raise ConfigError(f"rule must be 'pixel', 'image' or 'both', got {kind!r}")
