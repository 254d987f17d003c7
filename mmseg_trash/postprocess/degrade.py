"""Make the probabilities of imaginary models from the truth.

They measure post-processing where no trained model is at hand; how good the models are
is chosen, so that no score with them says anything about a real one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Degradation:
    """How the truth is made worse.

    Attributes:
        gain: Logit of the true class where nothing else is near.
        blur: Standard deviation in pixels of what smears the edges.
        shared: Strength of the noise that all members have in common.
        own: Strength of each member's noise.
        grain: Size in pixels of the blobs of noise.
        white: Strength of noise from pixel to pixel.
    """

    gain: float = 6.0
    blur: float = 2.0
    shared: float = 0.8
    own: float = 0.8
    grain: int = 12
    white: float = 0.2


def degrade(
    truth: NDArray[np.integer],
    num_classes: int,
    members: int,
    seed: int,
    how: Degradation | None = None,
) -> list[Floats]:
    """Draw the probabilities of some members for one image.

    Args:
        truth: H x W integers; ignored pixels become background.
        num_classes: Number of classes C.
        members: Number of members.
        seed: Of the draw.
        how: Strength of each fault.

    Returns:
        For each member C x H x W float32 that sum to 1 over the classes.
    """
    how = how or Degradation()
    generator = np.random.default_rng(seed)
    height, width = truth.shape
    signal = np.empty((num_classes, height, width), np.float32)
    for value in range(num_classes):
        here = truth == value
        if value == 0:
            here |= truth == IGNORE_INDEX
        signal[value] = cv2.GaussianBlur(here.astype(np.float32), (0, 0), how.blur)
    signal *= how.gain
    signal += how.shared * _blobs(generator, signal.shape, how.grain)
    result = []
    for _ in range(members):
        logits = signal + how.own * _blobs(generator, signal.shape, how.grain)
        noise = generator.standard_normal(signal.shape, np.float32)
        logits += np.float32(how.white) * noise
        np.exp(logits - logits.max(axis=0), out=logits)
        logits /= logits.sum(axis=0)
        result.append(logits.astype(np.float32))
    return result


def _blobs(
    generator: np.random.Generator, shape: tuple[int, ...], grain: int
) -> Floats:
    """Draw a smooth field of unit variance for each class."""
    classes, height, width = shape
    coarse = generator.standard_normal(
        (classes, height // grain + 3, width // grain + 3), np.float32
    )
    fields = [
        cv2.resize(field, None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC)
        for field in coarse
    ]
    found = np.stack(fields)[:, grain : grain + height, grain : grain + width]
    return np.asarray(found / found.std(), np.float32)
