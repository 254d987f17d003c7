"""What a person decided about findings, and a new version of the JSON made of it."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..fileio import atomic_write
from ..metainfo import CLASSES, IGNORED, normalise

FORMAT = 1
ACTIONS = ('keep', 'drop', 'relabel', 'ignore')
"""``keep``: it is right. ``drop``: it is not there (an object's pixels become
background; an image is left out). ``relabel``: it is of another class. ``ignore``: its
pixels get the ignore index."""


@dataclass(frozen=True)
class Decision:
    """One decision.

    Attributes:
        part: Name of the JSON, for annotation ids differ between files.
        file_name: The image.
        annotation: Id of the annotation; None is the image, to keep or to drop.
        action: One of `ACTIONS`.
        label: Name of the class, for ``relabel`` alone.
        note: Anything.

    Raises:
        ValueError: These do not go together.
    """

    part: str
    file_name: str
    annotation: int | None
    action: str
    label: str = ''
    note: str = ''

    def __post_init__(self) -> None:
        where = f'{self.part}: {self.file_name}: annotation {self.annotation}'
        if self.action not in ACTIONS:
            raise ValueError(
                f'{where}: action must be one of {ACTIONS}, got {self.action!r}'
            )
        if not self.part or not self.file_name:
            raise ValueError(f'{where}: a decision needs the JSON and the image')
        if self.annotation is None and self.action not in ('keep', 'drop'):
            raise ValueError(f'{where}: an image can be kept or dropped alone')
        if bool(self.label) != (self.action == 'relabel'):
            raise ValueError(f'{where}: a label belongs to relabel, got {self.label!r}')

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What it is about; of two decisions about one thing the later one counts."""
        return self.part, self.file_name, self.annotation


def read_decisions(path: str | os.PathLike[str]) -> list[Decision]:
    """Read decisions; a file that does not exist holds none.

    Raises:
        DataError: It holds something else.
    """
    path = Path(path)
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content['format'] != FORMAT:
            raise ValueError(f'is of format {content["format"]}, expected {FORMAT}')
        return [Decision(**entry) for entry in content['decisions']]
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f'{path}: holds no decisions: {error}') from error


def write_decisions(
    path: str | os.PathLike[str], decisions: Iterable[Decision]
) -> list[Decision]:
    """Write decisions, one a line, sorted; the later of two about one thing counts.

    Returns:
        What was written.

    Raises:
        OSError: The file cannot be written.
    """
    kept = {decision.key: decision for decision in decisions}
    order = sorted(kept.values(), key=lambda d: (*d.key[:2], d.annotation or -1))
    lines = [json.dumps(asdict(decision), ensure_ascii=False) for decision in order]
    text = ',\n'.join(lines)
    with atomic_write(path) as temporary:
        temporary.write_text(
            f'{{"format": {FORMAT}, "decisions": [\n{text}\n]}}\n', encoding='utf-8'
        )
    return order


def apply_decisions(
    raw: Mapping[str, Any],
    decisions: Sequence[Decision],
    part: str,
    version: str,
    classes: Sequence[str] = CLASSES,
    origin: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], Counter[str]]:
    """Make a new version of a COCO file.

    Args:
        raw: The parsed file; it stays as it is.
        decisions: Those of other files are passed over.
        part: Name of the file.
        version: Name of the new version, for ``info.version``.
        classes: Class names that ``relabel`` may name.
        origin: What ``info.audit`` says besides, e.g. a hash of the file.

    Returns:
        The new content, and how often each action was applied.

    Raises:
        DataError: A decision is about an image or annotation that the file does not
            have, or names an unknown class.
    """
    own = {d.key: d for d in decisions if d.part == part}
    names = {image.get('id'): image.get('file_name', '') for image in raw['images']}
    known = {(part, name, None) for name in names.values()}
    entries = raw.get('annotations') or []
    known |= {(part, names.get(a.get('image_id'), ''), a.get('id')) for a in entries}
    if strange := [d for key, d in own.items() if key not in known]:
        first, more = strange[0], len(strange) - 1
        raise DataError(
            f'{part}: has no annotation {first.annotation} of image '
            f'{first.file_name!r}, which a decision is about (and {more} more)'
        )
    categories = [dict(entry) for entry in raw.get('categories') or []]
    ids = {normalise(entry['name']): entry['id'] for entry in categories}

    def category(name: str) -> int:
        key = normalise(name)
        if key not in ids:
            ids[key] = max([0, *ids.values()]) + 1
            categories.append(dict(id=ids[key], name=name, supercategory=name))
        return ids[key]

    allowed = {normalise(name): name for name in classes}
    annotations = []
    for entry in entries:
        name = names.get(entry.get('image_id'), '')
        image = own.get((part, name, None))
        decision = own.get((part, name, entry.get('id')))
        action = decision.action if decision else 'keep'
        if (image and image.action == 'drop') or action == 'drop':
            continue
        if decision and action == 'relabel':
            if normalise(decision.label) not in allowed:
                raise DataError(
                    f'{part}: annotation {entry["id"]}: unknown class '
                    f'{decision.label!r}; known are: {", ".join(classes)}'
                )
            entry = {
                **entry,
                'category_id': category(allowed[normalise(decision.label)]),
            }
        elif action == 'ignore':
            entry = {**entry, 'category_id': category(IGNORED)}
        annotations.append(entry)
    images = [
        image
        for image in raw['images']
        if (d := own.get((part, image.get('file_name', ''), None))) is None
        or d.action != 'drop'
    ]
    counts = Counter(decision.action for decision in own.values())
    info = {
        **(raw.get('info') or {}),
        'version': version,
        'audit': {
            **(origin or {}),
            'part': part,
            'actions': dict(sorted(counts.items())),
        },
    }
    coco = {**raw, 'info': info, 'images': images, 'categories': categories}
    return {**coco, 'annotations': annotations}, counts
