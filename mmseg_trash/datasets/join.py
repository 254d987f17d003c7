"""Make one data root out of several."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError
from ..fileio import atomic_folder
from ..metainfo import IGNORED
from ..progress import track
from ..pseudo.trained import pseudo_info
from .categories import BACKGROUND, CategoryRule, map_categories
from .check import JSON_FILES
from .data_root import DataFile, list_json_files, read_data_file, write_json

LINKS = ('hard', 'symlink', 'copy')
"""How photographs get into the joined data root: ``hard`` links, and copies where the
file system has none; ``symlink`` and ``copy`` as they say."""
_NAME = re.compile(r'\w[\w.-]*')
_PREDICT_ONLY = 'test.json'


class Joined(NamedTuple):
    """What was joined.

    Attributes:
        counts: JSON -> source -> numbers of images and annotations.
        left_out: JSON that some source has -> the sources that lack it.
    """

    counts: dict[str, dict[str, tuple[int, int]]]
    left_out: dict[str, list[str]]


def join_data_roots(
    sources: Mapping[str, str | os.PathLike[str]],
    out: str | os.PathLike[str],
    rule: CategoryRule,
    link: str = 'hard',
) -> Joined:
    """Write a data root with the images of several.

    Of the usual JSON files, those that every source has are joined. An image's
    ``file_name`` begins with its source's name, and its photograph lies in ``images/``.
    Categories are the project's classes, their ids the labels; ids of images,
    annotations and licences are given anew, all other fields stay. ``info.joined``
    lists the sources.

    A source's pixels without object are background in the joined set too, whatever
    classes the other sources label there.

    Args:
        sources: Name -> data root.
        out: The new data root.
        rule: How category names become labels.
        link: One of ``LINKS``. A hard link is the source's own file: who edits it,
            edits both.

    Returns:
        What was joined.

    Raises:
        ValueError: ``link`` is not known, or there is no source.
        FileNotFoundError: A folder or a photograph does not exist.
        DataError: ``out`` exists, a source's name is no plain word, two sources are one
            folder, no JSON stands in all of them, a JSON has a fault (an unknown
            category among them) or holds pseudo labels, or only some of the sources
            have annotations in it. Nothing is written then.
    """
    if link not in LINKS:
        raise ValueError(f'link must be one of {LINKS}, got {link!r}')
    if not sources:
        raise ValueError('sources must name at least one data root')
    _check_sources(sources)
    present = {name: list_json_files(root) for name, root in sources.items()}
    lacking = {
        file: [name for name in sources if file not in present[name]]
        for file in JSON_FILES
    }
    photographs: dict[Path, Path] = {}
    joined: dict[str, dict[str, Any]] = {}
    counts = {}
    for file in (file for file, names in lacking.items() if not names):
        parts = {
            name: read_data_file(root, file, rule) for name, root in sources.items()
        }
        joined[file] = _join(parts, rule)
        entries = joined[file]['info']['joined']
        counts[file] = {e['name']: (e['images'], e['annotations']) for e in entries}
        for name, part in parts.items():
            for image in part.raw['images']:
                target = Path('images', name, image['file_name'])
                photographs[target] = part.folder / image['file_name']
    if not joined:
        each = '; '.join(f'{n} has {", ".join(files)}' for n, files in present.items())
        raise DataError(f'no JSON stands in every source: {each}')
    for path in photographs.values():
        if not path.is_file():
            raise FileNotFoundError(f'image {path} does not exist')
    with atomic_folder(out) as folder:
        for target, path in track(photographs.items(), len(photographs), 'Joining'):
            _place(path.resolve(), folder / target, link)
        for file, content in joined.items():
            write_json(folder / file, content)
    some = {file: n for file, n in lacking.items() if 0 < len(n) < len(sources)}
    return Joined(counts, some)


def _check_sources(sources: Mapping[str, str | os.PathLike[str]]) -> None:
    folders: dict[Path, str] = {}
    for name, root in sources.items():
        if not _NAME.fullmatch(name):
            raise DataError(
                f"a source's name must be letters, digits, '_', '-', '.', got {name!r}"
            )
        other = folders.setdefault(Path(root).resolve(), name)
        if other != name:
            raise DataError(f'{other} and {name} are one folder: {root}')


def _join(parts: Mapping[str, DataFile], rule: CategoryRule) -> dict[str, Any]:
    """Join one JSON of every source."""
    annotated = _annotated(parts)
    images: list[dict] = []
    annotations: list[dict] = []
    licences: list[dict] = []
    entries = []
    for name, part in parts.items():
        raw = part.raw
        before = len(images), len(annotations)
        licence_ids = _take_licences(raw.get('licenses'), licences)
        image_ids = {}
        for image in raw['images']:
            image_ids[image['id']] = len(images) + 1
            entry = {
                **image,
                'id': len(images) + 1,
                'file_name': f'{name}/{image["file_name"]}',
            }
            # An id that its source does not explain would mean another's licence.
            licence = licence_ids.get(str(entry.pop('license', None)))
            images.append(entry if licence is None else {**entry, 'license': licence})
        labels, _ = map_categories(raw.get('categories') or [], rule, str(part.path))
        for annotation in raw['annotations'] if annotated else ():
            label = labels[annotation['category_id']]
            if label is not None:
                ids = dict(
                    id=len(annotations) + 1,
                    image_id=image_ids[annotation['image_id']],
                    category_id=label,
                )
                annotations.append({**annotation, **ids})
        entries.append(
            dict(
                name=name,
                folder=part.path.resolve().parent.name,
                images=len(images) - before[0],
                annotations=len(annotations) - before[1],
                info=raw.get('info'),
            )
        )
    info = dict(description=f'joined from {", ".join(parts)}', joined=entries)
    content: dict[str, Any] = dict(info=info, licenses=licences, images=images)
    content['categories'] = _categories(rule, (a['category_id'] for a in annotations))
    return {**content, 'annotations': annotations} if annotated else content


def _annotated(parts: Mapping[str, DataFile]) -> bool:
    """Tell whether the joined JSON has annotations.

    Raises:
        DataError: A part holds pseudo labels, or only some parts have annotations and
            they are not images to predict.
    """
    for part in parts.values():
        if pseudo_info(part.path) is not None:
            raise DataError(
                f'{part.path}: holds pseudo labels, which a joined JSON would hide; '
                'give it to PseudoLabelledDataset instead'
            )
    bare = [part.path for part in parts.values() if not part.raw.get('annotations')]
    if bare and len(bare) < len(parts) and bare[0].name != _PREDICT_ONLY:
        raise DataError(
            f'{bare[0]}: has no annotations, another source has; its images would '
            'count as background'
        )
    return not bare


def _take_licences(found: Any, licences: list[dict]) -> dict[str, int]:
    """Append a source's licences under new ids; return old id (as text) -> new id."""
    ids = {}
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, dict) and entry.get('id') is not None:
            ids[str(entry['id'])] = len(licences) + 1
            licences.append({**entry, 'id': len(licences) + 1})
    return ids


def _categories(rule: CategoryRule, used: Iterable[int]) -> list[dict[str, Any]]:
    """Return the classes under their labels; what is no class of objects if used."""
    labels = set(used)
    named = [
        (label, name)
        for label, name in enumerate(rule.classes)
        if name != BACKGROUND or label in labels
    ]
    if rule.ignore_index in labels:
        named.append((rule.ignore_index, IGNORED))
    return [dict(id=label, name=name, supercategory=name) for label, name in named]


def _place(path: Path, target: Path, link: str) -> None:
    """Link or copy a photograph."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if link == 'symlink':
        target.symlink_to(path)
        return
    if link == 'hard':
        try:
            target.hardlink_to(path)
            return
        except OSError:  # another file system, or one without hard links
            pass
    shutil.copyfile(path, target)
