"""Read a COCO file that may have faults, and keep what can be used."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from ..datasets.categories import CategoryRule, map_categories
from ..datasets.coco import parse_json, read_bytes
from ..datasets.coco_checks import find_faults
from ..datasets.faults import Fault
from ..errors import DataError
from .finding import Finding

_PASSES = 4
_ANNOTATION = re.compile(r'annotation (-?\d+)$')
_IMAGE = re.compile(r'image -?\d+ \((.*)\)$', re.DOTALL)


class UsableCoco(NamedTuple):
    """A COCO file without its faulty entries.

    Attributes:
        raw: The parsed JSON, of sound entries alone; None when nothing can be used.
        content: The same as bytes, those of the file where it has no fault.
        labels: Category id -> label, the ignore index, or None for left out.
        findings: The faults.
    """

    raw: dict[str, Any] | None
    content: bytes
    labels: dict[int, int | None]
    findings: list[Finding]


def read_usable(path: Path, rule: CategoryRule) -> UsableCoco:
    """Read a COCO file, and leave out the entries that are at fault.

    Args:
        path: The file.
        rule: How category names become labels.
    """
    file = str(path)
    try:
        content = read_bytes(path)
        raw = parse_json(content, file)
    except (DataError, OSError) as error:
        kind = 'invalid_json' if isinstance(error, DataError) else 'missing_json'
        message = str(error).removeprefix(f'{file}: ')
        return UsableCoco(
            None, b'', {}, [Finding(kind, path.name, '', None, 1, message)]
        )
    faults = find_faults(raw, rule, file)
    findings = [as_finding(fault, raw) for fault in faults]
    if not isinstance(raw, dict):
        return UsableCoco(None, b'', {}, findings)
    for _ in range(_PASSES):
        if not faults:
            break
        raw = _without(raw, {fault.where for fault in faults})
        # What hangs on an entry that is left out is at fault now.
        faults = find_faults(raw, rule, file)
    if faults:
        return UsableCoco(None, b'', {}, findings)
    if findings:
        content = json.dumps(raw).encode()
    labels, _ = map_categories(raw.get('categories') or [], rule, file)
    return UsableCoco(raw, content, labels, findings)


def usable_annotations(usable: UsableCoco) -> list[dict[str, Any]]:
    """Return the annotations with the further keys ``label`` and ``file_name``.

    Those of categories that are left out are left out.
    """
    raw = usable.raw or {}
    names = {image['id']: image['file_name'] for image in raw.get('images') or ()}
    found = []
    for entry in raw.get('annotations') or ():
        label = usable.labels.get(entry['category_id'])
        if label is not None:
            name = names[entry['image_id']]
            found.append({**entry, 'label': label, 'file_name': name})
    return found


def as_finding(fault: Fault, raw: Any = None) -> Finding:
    """Turn a fault into a finding; with the JSON at hand, name image and annotation."""
    part, name, number = Path(fault.file).name, '', None
    if match := _IMAGE.search(fault.where):
        name = match[1]
    elif match := _ANNOTATION.search(fault.where):
        number = int(match[1])
        name = _image_of(number, raw)
    message = fault.message
    if fault.where and not name and number is None:
        message = f'{fault.where}: {message}'
    return Finding(fault.kind, part, name, number, 1.0, message)


def _image_of(annotation: int, raw: Any) -> str:
    entries = raw.get('annotations') if isinstance(raw, dict) else None
    for entry in entries or ():
        if isinstance(entry, dict) and entry.get('id') == annotation:
            for image in raw.get('images') or ():
                if isinstance(image, dict) and image.get('id') == entry.get('image_id'):
                    return str(image.get('file_name', ''))
    return ''


def _without(raw: dict[str, Any], places: set[str]) -> dict[str, Any]:
    """Leave out the entries that faults name, by position or by id."""

    def kept(field: str, kind: str) -> list:
        entries = raw.get(field)
        return [
            entry
            for position, entry in enumerate(
                entries if isinstance(entries, list) else []
            )
            if f'{field}[{position}]' not in places
            and _place(entry, kind) not in places
        ]

    return {
        **raw,
        'images': kept('images', 'image'),
        'categories': kept('categories', 'category'),
        'annotations': kept('annotations', 'annotation'),
    }


def _place(entry: Any, kind: str) -> str:
    """Write an entry as `datasets.coco_checks` does."""
    if not isinstance(entry, dict):
        return ''
    place = f'{kind} {entry.get("id")!r}'
    return f'{place} ({entry.get("file_name")})' if kind == 'image' else place
