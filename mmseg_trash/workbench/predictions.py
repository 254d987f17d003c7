"""Label maps by ``file_name``, whatever they are kept in."""

import csv
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..datasets.categories import CategoryRule
from ..datasets.coco import read_bytes
from ..datasets.label_cache import LabelRule, open_label_cache
from ..errors import DataError
from ..inference.store import META, Probs, ProbStore
from ..inference.submission_format import HEADER, SIZE
from ..inference.voting import parse_labels
from ..metainfo import CLASSES, IGNORE_INDEX

Labels = NDArray[np.uint8]
LABEL_FOLDER = 'labels'


class Predictions(ABC):
    """Label maps of a set of images; each is read when it is asked for.

    Attributes:
        kind: ``submission``, ``labels``, ``store`` or ``coco``.
        path: The file or folder.
        classes: Class names; the index is the label.
        names: ``file_name`` of the images, in the order of the file, else sorted.
        config: Stem of the config that they were made with; empty if it is not known.
    """

    kind: str
    config: str = ''

    def __init__(
        self, path: Path, classes: Sequence[str], names: Sequence[str]
    ) -> None:
        self.path = path
        self.classes = tuple(classes)
        self.names = tuple(names)
        self._known = frozenset(names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def label_map(self, name: str) -> Labels:
        """Return the label map of an image: (H, W).

        Raises:
            DataError: There is none, it cannot be read, or a label is out of range.
        """
        if name not in self:
            raise DataError(f'{self.path}: has no image {name!r}')
        label = self._read(name)
        wrong = label[(label >= len(self.classes)) & (label != IGNORE_INDEX)]
        if wrong.size:
            raise DataError(
                f'{self.path}: {name}: label {wrong[0]} is out of range, expected '
                f'0..{len(self.classes) - 1} or {IGNORE_INDEX}'
            )
        return label

    def probs(self, name: str) -> Probs | None:
        """Return the probabilities of an image, (C, H, W), None where none are kept."""
        return None

    @abstractmethod
    def _read(self, name: str) -> Labels: ...


class _Submission(Predictions):
    """A submission CSV; only the places of its rows are kept in memory."""

    kind = 'submission'

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        self._places: dict[str, int] = {}
        with path.open('rb') as file:
            if file.readline().rstrip(b'\r\n').decode(errors='replace') != HEADER:
                raise DataError(f'{path}:1: expected the header {HEADER!r}')
            place, number = file.tell(), 2
            for line in file:
                name, _ = _split(line, path, number)
                if name in self._places:
                    raise DataError(f'{path}:{number}: {name!r} stands twice')
                self._places[name] = place
                place, number = place + len(line), number + 1
        super().__init__(path, classes, tuple(self._places))

    def _read(self, name: str) -> Labels:
        with self.path.open('rb') as file:
            file.seek(self._places[name])
            line = file.readline()
        _, text = _split(line, self.path, 0)
        try:
            label = parse_labels(text)
        except ValueError as error:
            raise DataError(f'{self.path}: {name}: {error}') from error
        if label.size != SIZE * SIZE:
            raise DataError(
                f'{self.path}: {name}: {label.size} integers, expected {SIZE * SIZE}'
            )
        return label.reshape(SIZE, SIZE)


def _split(line: bytes, path: Path, number: int) -> tuple[str, bytes]:
    """Split a row into the name, which may be quoted, and the text of its labels."""
    try:
        head, comma, text = line.rstrip(b'\r\n').rpartition(b',')
        name = next(csv.reader([head.decode('utf-8')]))
    except (UnicodeDecodeError, StopIteration, csv.Error):
        comma = b''
    if not comma or len(name) != 1:
        raise DataError(f'{path}:{number}: expected a name, a comma and labels')
    return name[0], text.strip(b'"')


class _LabelFolder(Predictions):
    """A folder of ``<file_name>.png``, or PNG named like the images but for the end."""

    kind = 'labels'

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        folder = path / LABEL_FOLDER if (path / LABEL_FOLDER).is_dir() else path
        self._files = {
            file.relative_to(folder).with_suffix('').as_posix(): file
            for file in sorted(folder.rglob('*.png'))
        }
        if not self._files:
            raise DataError(f'{folder}: holds no label maps (*.png)')
        super().__init__(path, classes, tuple(self._files))

    def _key(self, name: str) -> str:
        if name in self._files:
            return name
        return PurePosixPath(name).with_suffix('').as_posix()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name) and self._key(name) in self._files

    def _read(self, name: str) -> Labels:
        file = self._files[self._key(name)]
        try:
            with Image.open(file) as image:
                label = np.array(image)
        except (OSError, SyntaxError, ValueError) as error:
            raise DataError(f'{file}: cannot be read: {error}') from error
        if label.ndim != 2 or label.dtype != np.uint8:
            raise DataError(
                f'{file}: is no label map of one byte per pixel but {label.dtype} of '
                f'shape {label.shape}'
            )
        return label


class _Store(Predictions):
    """A store of probabilities."""

    kind = 'store'

    def __init__(self, path: Path) -> None:
        self._store = ProbStore.open(path)
        self.config = Path(str(self._store.source.get('config') or '')).stem
        super().__init__(path, self._store.classes, tuple(self._store))

    def _read(self, name: str) -> Labels:
        return self._store.read(name).argmax(axis=0).astype(np.uint8)

    def probs(self, name: str) -> Probs | None:
        return self._store.read(name)


class _Coco(Predictions):
    """The label maps of a COCO JSON."""

    kind = 'coco'

    def __init__(self, path: Path, rule: LabelRule) -> None:
        self._labels = open_label_cache(read_bytes(path), str(path), rule)
        if not self._labels.has_labels:
            raise DataError(f'{path}: has no annotations')
        names = [image.file_name for image in self._labels.images]
        self._rows: Mapping[str, int] = {name: row for row, name in enumerate(names)}
        super().__init__(path, rule.category.classes, names)

    def _read(self, name: str) -> Labels:
        return self._labels.label_map(self._rows[name])


def open_predictions(
    path: str | os.PathLike[str],
    classes: Sequence[str] = CLASSES,
    label_rule: LabelRule | None = None,
) -> Predictions:
    """Open label maps.

    Args:
        path: A submission CSV, a COCO JSON, a store of probabilities, a folder of label
            maps as PNG, or a folder with ``probs/`` or ``labels/``.
        classes: Class names, where the file does not say them itself.
        label_rule: How annotations of a JSON become labels; None is by ``classes``.

    Raises:
        FileNotFoundError: There is nothing.
        DataError: It is none of these, or damaged.
    """
    path = Path(path)
    if path.is_dir():
        for folder in (path, path / 'probs'):
            if (folder / META).is_file():
                return _Store(folder)
        return _LabelFolder(path, classes)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file or folder')
    if path.suffix == '.csv':
        return _Submission(path, classes)
    if path.suffix == '.json':
        return _Coco(path, label_rule or LabelRule(CategoryRule(tuple(classes))))
    raise DataError(
        f'{path}: expected a submission .csv, a COCO .json, a store of probabilities '
        'or a folder of label maps'
    )
