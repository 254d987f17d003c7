"""Small pictures of images and of findings."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..fileio import atomic_write
from .finding import Finding
from .survey import Picture, Survey

THUMBNAIL = 160
FINDING = 300
_QUALITY = 82
_MARGIN = 0.35
_LEAST = 72
_MEANT, _OTHER = (255, 45, 85), (255, 255, 255)


def thumbnail(image: Picture, side: int = THUMBNAIL) -> Picture:
    """Shrink an image so that its longer side has ``side`` pixels; never enlarge it."""
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def finding_picture(
    survey: Survey, finding: Finding, other: Survey | None = None, side: int = FINDING
) -> Picture:
    """Show what a finding means: (H, W, 3) RGB.

    An annotation is cut out with what is around it and outlined, a second one in white;
    a second image stands beside the first.

    Args:
        survey: That of the finding's JSON.
        finding: What is shown.
        other: That of the second image; None is the same.
        side: Longer side of an image in pixels.

    Raises:
        FileNotFoundError: The image does not exist.
        DataError: It cannot be read.
    """
    row = survey.row(finding.file_name)
    image = survey.read(row)
    if finding.other:
        source = other or survey
        second = source.read(source.row(finding.other))
        pair = [thumbnail(picture, side * 2 // 3) for picture in (second, image)]
        return _beside(pair)
    if finding.box is None:
        return thumbnail(image, side)
    left, top, right, bottom = _surroundings(finding.box, image.shape[:2])
    cut = image[top:bottom, left:right]
    scale = side / max(cut.shape[:2])
    size = [max(1, round(length * scale)) for length in cut.shape[1::-1]]
    grow = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    drawn = cv2.resize(cut, size, interpolation=grow)
    numbers = (finding.other_annotation, finding.annotation)
    seen = False
    for item in survey.labels.instances(int(survey.json_rows[row])):
        if item.annotation_id not in numbers:
            continue
        meant = item.annotation_id == finding.annotation
        seen |= meant
        region = np.zeros(image.shape[:2], np.uint8)
        x, y, w, h = item.bbox
        region[y : y + h, x : x + w] = item.crop()
        large = cv2.resize(
            region[top:bottom, left:right], size, interpolation=cv2.INTER_NEAREST
        )
        lines, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, lines, -1, (0, 0, 0), 4)
        cv2.drawContours(drawn, lines, -1, _MEANT if meant else _OTHER, 2)
    if not seen:
        u, v, s, t = finding.box
        corners = [(u - left, v - top), (u + s - left, v + t - top)]
        one, two = (tuple(round(float(c * scale)) for c in p) for p in corners)
        cv2.rectangle(drawn, one, two, _MEANT, 2)
    return np.asarray(drawn, np.uint8)


def broken_picture(side: int = THUMBNAIL) -> Picture:
    """Return what stands for an image that cannot be read: a crossed field."""
    picture = np.full((side * 3 // 4, side, 3), 226, np.uint8)
    height, width = picture.shape[:2]
    cv2.line(picture, (0, 0), (width, height), (170, 170, 170), 2, cv2.LINE_AA)
    cv2.line(picture, (0, height), (width, 0), (170, 170, 170), 2, cv2.LINE_AA)
    return picture


def write_jpeg(picture: Picture, path: Path) -> None:
    """Write an RGB picture as JPEG, whole or not at all.

    Raises:
        DataError: The folder cannot be written.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, data = cv2.imencode('.jpg', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(data.tobytes())
    except OSError as error:
        raise DataError(f'{path}: cannot be written: {error}') from error


def _surroundings(
    box: tuple[float, float, float, float], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a box with a margin, inside the image."""
    x, y, w, h = box
    half = [max(_LEAST, length * (1 + 2 * _MARGIN)) / 2 for length in (w, h)]
    # No strip: what is around a flat object tells more than its length.
    half = [max(length, max(half) / 2) for length in half]
    limits = []
    for middle, reach, most in zip((x + w / 2, y + h / 2), half, shape[1::-1]):
        low = int(np.clip(middle - reach, 0, max(most - 2 * reach, 0)))
        limits.append((low, int(min(most, np.ceil(low + 2 * reach)))))
    (left, right), (top, bottom) = limits
    return left, top, right, bottom


def _beside(pictures: list[NDArray[np.uint8]], gap: int = 6) -> Picture:
    height = max(len(picture) for picture in pictures)
    parts = []
    for picture in pictures:
        tile = np.full((height, picture.shape[1], 3), 255, np.uint8)
        tile[: len(picture)] = picture
        parts += [tile, np.full((height, gap, 3), 255, np.uint8)]
    return np.hstack(parts[:-1])
