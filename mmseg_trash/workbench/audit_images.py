"""Rules on whole images: files, light, images that look alike."""

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..progress import track
from .finding import Finding, Limits
from .image_hash import near_pairs
from .survey import Survey

WHOLE = 'train_all.json'
_SMALL = 64


def find_bad_images(survey: Survey, limits: Limits) -> Iterator[Finding]:
    """Find images that cannot be read, are turned, dark, bright, blurred or empty."""
    table = survey.images
    for row, name in enumerate(survey.names):
        where = survey.title, name, None
        if table.faults[row]:
            rule = fault_rule(table.faults[row])
            yield Finding(rule, *where, 1.0, table.faults[row])
            continue
        if table.orientation[row] > 1:
            message = f'has the EXIF orientation {table.orientation[row]}'
            yield Finding('exif_tag', *where, 0.3, message)
        brightness, sharpness = table.brightness[row], table.sharpness[row]
        if brightness <= limits.dark:
            message = f'mean grey is {brightness:.3f} of 1'
            yield Finding('too_dark', *where, 0.4, message)
        if brightness >= limits.bright:
            message = f'mean grey is {brightness:.3f} of 1'
            yield Finding('too_bright', *where, 0.4, message)
        if sharpness <= limits.sharpness:
            message = f'variance of the Laplacian is {sharpness:.1f}'
            yield Finding('blurred', *where, 0.35, message)
    if survey.has_labels:
        objects = np.bincount(survey.objects.image, minlength=len(survey))
        for empty in np.flatnonzero(objects == 0):
            message = 'has no object, all of it counts as background'
            yield Finding(
                'no_objects', survey.title, survey.names[empty], None, 0.5, message
            )


def fault_rule(message: str) -> str:
    """Return the rule that what `datasets.images.read_image` says falls under."""
    if 'does not exist' in message:
        return 'missing_image'
    if 'EXIF' in message:
        return 'exif_turned'
    return 'size_mismatch' if 'the JSON says' in message else 'bad_image'


def find_lookalikes(
    surveys: Mapping[str, Survey], folds: Mapping[str, str], limits: Limits
) -> Iterator[Finding]:
    """Find images that look alike, within a part, across parts and across folds.

    Images whose hashes differ in few bits are decoded and compared at 64 x 64.

    Args:
        surveys: JSON -> its survey. That of train_all.json repeats the others' images:
            it is looked at for folds, and alone when it is all there is.
        folds: ``file_name`` -> fold in whose validation part it is.
        limits: From where on images are alike.
    """
    parts = {name: s for name, s in surveys.items() if name != WHOLE} or surveys
    yield from _find_repeated(parts)
    entries = [(s, row) for s in parts.values() for row in range(len(s))]
    if WHOLE in surveys and WHOLE not in parts:
        known = {s.names[row] for s, row in entries}
        rest = surveys[WHOLE]
        entries += [(rest, r) for r, n in enumerate(rest.names) if n not in known]
    entries = [
        (survey, row) for survey, row in entries if not survey.images.faults[row]
    ]
    codes = np.array([survey.images.hash[row] for survey, row in entries], np.uint64)
    pairs = near_pairs(codes, limits.hash_bits)
    small: dict[int, NDArray[np.float64] | None] = {}
    for one, other, _ in track(pairs, len(pairs), 'Comparing images'):
        first, second = entries[one], entries[other]
        names = [survey.names[row] for survey, row in (first, second)]
        if names[0] == names[1]:
            continue
        for place in (one, other):
            if place not in small:
                small[place] = _small(*entries[place])
        alike = _correlation(small[one], small[other])
        if alike < limits.correlation:
            continue
        titles = first[0].title, second[0].title
        fold = [folds.get(name) for name in names]
        if titles[0] != titles[1] and WHOLE not in titles:
            rule, score = 'leak', 1.0
            message = f'looks like {names[0]} of {titles[0]} (correlation {alike:.3f})'
        elif fold[0] != fold[1] and None not in fold:
            rule, score = 'fold_leak', 0.95
            message = (
                f'{fold[1]} validates on it, {fold[0]} on {names[0]}, which looks the '
                f'same (correlation {alike:.3f})'
            )
        else:
            rule, score = 'near_duplicate', 0.75
            message = f'looks like {names[0]} (correlation {alike:.3f})'
        yield Finding(rule, titles[1], names[1], None, score, message, other=names[0])


def _find_repeated(parts: Mapping[str, Survey]) -> Iterator[Finding]:
    """Find images that stand in two parts."""
    first: dict[str, str] = {}
    for survey in parts.values():
        for name in survey.names:
            title = first.setdefault(name, survey.title)
            if title != survey.title:
                message = f'stands in {title} too'
                yield Finding('leak', survey.title, name, None, 1.0, message)


def _small(survey: Survey, row: int) -> NDArray[np.float64] | None:
    """Return the grey image at 64 x 64, mean 0 and length 1."""
    try:
        image = survey.read(row)
    except (DataError, OSError):
        return None
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    values = small.astype(np.float64).ravel()
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), 1e-9)


def _correlation(
    one: NDArray[np.float64] | None, other: NDArray[np.float64] | None
) -> float:
    return 0.0 if one is None or other is None else float(one @ other)
