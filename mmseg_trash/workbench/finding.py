"""What an audit finds, and how much it takes for a finding."""

from collections.abc import Iterable
from dataclasses import dataclass

RULES: dict[str, str] = {
    'area_outlier': 'much larger or smaller than other objects of its class',
    'whole_image': 'covers nearly the whole image',
    'degenerate': 'covers no pixel, or its polygon has no area',
    'self_crossing': 'a polygon whose edges cross',
    'conflict': 'covers the same pixels as an object of another class',
    'doubled': 'covers the same pixels as an object of its class',
    'hidden': 'lies wholly under other objects',
    'no_objects': 'an image without objects',
    'near_duplicate': 'looks like another image of the same part',
    'leak': 'looks like an image of another part, or is one',
    'fold_leak': 'looks like an image of another fold',
    'missing_image': 'there is no such file',
    'bad_image': 'cannot be decoded',
    'size_mismatch': 'has another size than in the JSON',
    'exif_turned': "EXIF turns it, the JSON's sizes are those before",
    'exif_tag': 'shown turned by programs that heed EXIF, unturned by others',
    'too_dark': 'hardly any light',
    'too_bright': 'hardly anything but light',
    'blurred': 'no sharp edge',
    'low_quality_image': 'the model doubts the labels of the image',
    'low_quality_object': 'the model doubts the label of the object',
    'missing_object': 'the model sees an object in the background',
}
"""Rule -> what it finds. The kinds of `datasets.faults.Fault` come besides."""


@dataclass(frozen=True)
class Finding:
    """One suspicious image or annotation.

    Attributes:
        rule: Key of `RULES`, or the kind of a `datasets.faults.Fault`.
        part: Name of the JSON or list that it is in, e.g. ``train.json``.
        file_name: The image; empty where a whole file is meant.
        annotation: Id of the annotation; None where the image is meant.
        score: How suspicious it is, 0 to 1.
        message: What is wrong, with the figures.
        box: x, y, width, height in pixels of what is meant; None is the whole image.
        other: A second image, or empty.
        other_annotation: A second annotation of the same image.
        suggestion: The label that may be right; None where there is no idea.
    """

    rule: str
    part: str
    file_name: str
    annotation: int | None
    score: float
    message: str
    box: tuple[float, float, float, float] | None = None
    other: str = ''
    other_annotation: int | None = None
    suggestion: int | None = None

    def __str__(self) -> str:
        place = [self.part, self.file_name]
        if self.annotation is not None:
            place.append(f'annotation {self.annotation}')
        return ': '.join(part for part in (*place, self.message) if part)


@dataclass(frozen=True)
class Limits:
    """From where on something counts as suspicious.

    Attributes:
        area_z: Robust z-score of the logarithm of an object's share of the image.
        area_ratio: Times that it must be larger or smaller than usual besides.
        area_objects: Objects that a class must have for that.
        whole_image: Share of the image.
        conflict_iou: IoU of objects of different classes.
        doubled_iou: IoU of objects of one class.
        hash_bits: Differing bits of 64 up to which two images are looked at.
        correlation: Correlation of their small grey images from which they are alike.
        dark: Mean grey, 0 to 1.
        bright: Mean grey, 0 to 1.
        sharpness: Variance of the Laplacian.
    """

    area_z: float = 3.5
    area_ratio: float = 3.0
    area_objects: int = 10
    whole_image: float = 0.95
    conflict_iou: float = 0.5
    doubled_iou: float = 0.85
    hash_bits: int = 8
    correlation: float = 0.97
    dark: float = 0.06
    bright: float = 0.95
    sharpness: float = 8.0

    def __post_init__(self) -> None:
        for name in ('whole_image', 'conflict_iou', 'doubled_iou', 'correlation'):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f'{name} must lie in 0..1, got {getattr(self, name)}')
        if self.area_z <= 0 or not 0 <= self.hash_bits < 64:
            raise ValueError(
                'area_z must be positive and hash_bits in 0..63, got '
                f'{self.area_z} and {self.hash_bits}'
            )


def rank(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings, the most suspicious first; equal ones by rule and name."""
    return sorted(
        findings,
        key=lambda f: (-f.score, f.rule, f.part, f.file_name, f.annotation or 0),
    )
