"""Find what a data root offers: JSON files, folds and predictions."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..datasets.subsets import read_subset
from ..errors import DataError
from ..inference.submission_format import HEADER
from .album import Album


def list_folds(album: Album) -> dict[str, frozenset[str]]:
    """Return the fold lists of ``folds/`` that belong to the album's JSON.

    Returns:
        ``'fold 0 train'`` -> its names; lists with names that the JSON lacks are left
        out.
    """
    found = {}
    for path in sorted((album.root / 'folds').glob('fold*_*.txt')):
        fold, _, part = path.stem.partition('_')
        try:
            names = read_subset(path, album.names, album.ann_file)
        except DataError:
            continue
        found[f'{fold[:4]} {fold[4:]} {part}'] = frozenset(names)
    return found


def list_json_files(data_root: Path) -> list[str]:
    """Return the COCO files of a data root: the usual ones first, then the others."""
    usual = ['train.json', 'val.json', 'train_all.json', 'test.json']
    found = [name for name in usual if (data_root / name).is_file()]
    others = sorted(path.name for path in data_root.glob('*.json'))
    return found + [
        name for name in others if name not in found and _is_coco(data_root / name)
    ]


def _is_coco(path: Path) -> bool:
    """Tell by its beginning whether a file may be a COCO file."""
    try:
        with path.open('rb') as file:
            head = file.read(4096)
    except OSError:
        return False
    return head.lstrip().startswith(b'{') and any(
        key in head for key in (b'"images"', b'"info"', b'"licenses"', b'"annotations"')
    )


def list_configs(folder: str | os.PathLike[str]) -> list[str]:
    """Return the leaf configs below a folder, relative to it."""
    root = Path(folder)
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.glob('*/*.py')
        if path.parent.name != '_base_'
    )


def find_predictions(data_root: Path, named: Sequence[str] = ()) -> dict[str, str]:
    """List what can be opened as predictions.

    Args:
        data_root: Submission CSVs and stores of probabilities in it, and in its
            ``predictions/``, are found by themselves.
        named: Further paths, those of the command line. Links of the data root that
            end outside of it are left out.

    Returns:
        A short name -> path.
    """
    paths: list[Path] = []
    for folder in (data_root, data_root / 'predictions'):
        paths += sorted(path for path in folder.glob('*.csv') if _is_submission(path))
        paths += sorted(path.parent for path in folder.glob('*/store.json'))
    root = data_root.resolve()
    paths = [path for path in paths if path.resolve().is_relative_to(root)]
    paths = [*map(Path, named), *paths]
    found: dict[str, str] = {}
    for path in paths:
        name = path.name if path.name not in found else str(path)
        found[name] = str(path)
    return found


def _is_submission(path: Path) -> bool:
    try:
        with path.open('rb') as file:
            return file.readline(200).strip() == HEADER.encode()
    except OSError:
        return False
