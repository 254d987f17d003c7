"""The annotation files of a data root as they stand, to make other data roots of."""

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..errors import DataError
from .categories import CategoryRule
from .check import JSON_FILES
from .coco import parse_json, read_bytes
from .coco_checks import find_faults
from .faults import raise_first
from .images import find_image_folder


class DataFile(NamedTuple):
    """A COCO file that passed the checks.

    Attributes:
        path: The file.
        raw: What it holds.
        folder: Where the names of its images start: the data root, or its ``images/``.
    """

    path: Path
    raw: dict[str, Any]
    folder: Path


def list_json_files(root: str | os.PathLike[str]) -> list[str]:
    """Return which of the usual JSON files a data root has.

    Args:
        root: The folder.

    Raises:
        FileNotFoundError: There is no such folder, or none of the usual files in it.
    """
    if not Path(root).is_dir():
        raise FileNotFoundError(f'data root {root} is no folder')
    names = [name for name in JSON_FILES if (Path(root) / name).is_file()]
    if not names:
        raise FileNotFoundError(f'{root} holds none of {", ".join(JSON_FILES)}')
    return names


def read_data_file(
    root: str | os.PathLike[str], name: str, rule: CategoryRule | None = None
) -> DataFile:
    """Read and check one JSON of a data root, and find its images.

    Args:
        root: The folder.
        name: The JSON, relative to the folder.
        rule: How category names become labels; None takes any name.

    Returns:
        The file's content, as it is.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The file has a fault, or its name or an image's leads out of the
            folder.
    """
    path = Path(root) / name
    if _leads_out(name):
        raise DataError(f'{path}: name a JSON below {root}')
    raw = parse_json(read_bytes(path), str(path))
    raise_first(find_faults(raw, rule or _any_name(raw), str(path)))
    names = [image['file_name'] for image in raw['images']]
    for image in filter(_leads_out, names):
        raise DataError(
            f'{path}: file_name {image!r} leads out of the data root; make it relative '
            'to the folder of the images'
        )
    return DataFile(path, raw, find_image_folder(root, names))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON without spaces; non-ASCII characters are escaped."""
    text = json.dumps(content, separators=(',', ':'))
    path.write_text(text + '\n', encoding='utf-8')


def _any_name(raw: Any) -> CategoryRule:
    """Return a rule that knows every category of a file."""
    entries = raw.get('categories') if isinstance(raw, dict) else None
    entries = entries if isinstance(entries, list) else []
    names = [entry.get('name') for entry in entries if isinstance(entry, dict)]
    known = {name: None for name in names if isinstance(name, str)}
    return CategoryRule(('any',), category_map=known)


def _leads_out(name: str) -> bool:
    """Tell whether a copy would put a file outside its folder."""
    return PurePosixPath(name).is_absolute() or '..' in PurePosixPath(name).parts
