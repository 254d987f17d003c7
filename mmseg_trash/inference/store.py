"""Class probabilities on disk: one compressed file per image, resumable."""

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..fileio import atomic_write

Probs = NDArray[np.float32]

META = 'store.json'
SUFFIX = '.probs.npz'
KINDS = ('uint8', 'float16')
LEVELS = 255
_SHOWN = 80
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile)


class ProbStore:
    """Probabilities of a data set's images.

    ``uint8`` keeps 255 levels: off by 1/510 at most before the classes are brought to
    the sum 1 again. ``float16`` is off by 1/4096 at most and takes several times the
    room. The first class stays the first: where rounding makes it even with another, it
    is one level higher. Each image is one file, written whole or not at all, so that a
    killed run goes on where it stopped.

    Args:
        folder: Where the files lie.
        classes: Names of the classes.
        kind: ``uint8`` or ``float16``.
        source: What the probabilities come from (config, checkpoint, views, ...), JSON
            values; a store of another source is refused.

    Raises:
        ValueError: The kind is unknown.
        DataError: The folder holds a store of something else, or a damaged one.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        classes: Sequence[str],
        kind: str = 'uint8',
        source: Mapping[str, Any] | None = None,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f'kind must be one of {KINDS}, got {kind!r}')
        self.folder = Path(folder)
        self.classes = tuple(classes)
        self.kind = kind
        self.source = dict(source or {})
        meta = dict(classes=list(self.classes), kind=kind, source=self.source)
        file = self.folder / META
        if not file.is_file():
            with atomic_write(file) as temporary:
                text = json.dumps(meta, indent=2) + '\n'
                temporary.write_text(text, encoding='utf-8')
            return
        found = list(differences(_read_meta(file), meta))
        if found:
            raise DataError(
                f'{file}: was made with {"; with ".join(found)}; choose another folder'
            )

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> 'ProbStore':
        """Open a store that exists.

        Raises:
            FileNotFoundError: There is none.
            DataError: It is damaged.
        """
        file = Path(folder) / META
        if not file.is_file():
            raise FileNotFoundError(f'{file}: no store of probabilities')
        meta = _read_meta(file)
        try:
            return cls(folder, meta['classes'], meta['kind'], meta['source'])
        except (KeyError, TypeError) as error:
            raise DataError(f'{file}: lacks {error}') from error

    def _path(self, name: str) -> Path:
        path = self.folder / f'{name}{SUFFIX}'
        if self.folder.resolve() not in path.resolve().parents:
            raise DataError(f'{name}: leads out of {self.folder}')
        return path

    def __contains__(self, name: object) -> bool:
        return self._path(str(name)).is_file()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the images, sorted."""
        for path in sorted(self.folder.rglob(f'*{SUFFIX}')):
            relative = path.relative_to(self.folder).as_posix()
            if not path.name.startswith('.'):
                yield relative.removesuffix(SUFFIX)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def write(self, name: str, probs: Probs) -> None:
        """Keep an image's probabilities.

        Args:
            name: The image's ``file_name``.
            probs: (C, H, W), from 0 to 1.

        Raises:
            DataError: They are of another number of classes, or out of range.
        """
        if probs.ndim != 3 or len(probs) != len(self.classes):
            raise DataError(
                f'{name}: expected {len(self.classes)} x H x W, got {probs.shape}'
            )
        low, high = float(probs.min()), float(probs.max())
        if not (low >= -1e-4 and high <= 1 + 1e-4):
            raise DataError(f'{name}: probabilities run from {low:.3g} to {high:.3g}')
        kept = _quantise(probs, self.kind)
        with atomic_write(self._path(name)) as temporary:
            np.savez_compressed(temporary, probs=kept)

    def read(self, name: str) -> Probs:
        """Return an image's probabilities, (C, H, W) float32, 1 in sum over classes.

        Raises:
            FileNotFoundError: The store has no such image.
            DataError: Its file is damaged.
        """
        path = self._path(name)
        if not path.is_file():
            raise FileNotFoundError(f'{path}: the store has no {name!r}')
        try:
            with np.load(path, allow_pickle=False) as file:
                kept = file['probs']
        except _DAMAGE as error:
            raise DataError(f'{path}: cannot be read: {error}') from error
        probs: Probs = kept.astype(np.float32)
        total = probs.sum(0, keepdims=True)
        np.maximum(total, np.finfo(np.float32).tiny, out=total)
        probs /= total
        return probs


def differences(found: Any, wanted: Any, where: str = '') -> Iterator[str]:
    """Name what differs in two descriptions, and nothing else.

    Args:
        found: JSON values.
        wanted: JSON values.
        where: Name of the whole, with dots.

    Yields:
        ``source.tta True, not False`` for each entry that differs.
    """
    if found == wanted:
        return
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in {**found, **wanted}:
            place = f'{where}.{key}' if where else str(key)
            yield from differences(found.get(key), wanted.get(key), place)
    elif (
        isinstance(found, Sequence)
        and isinstance(wanted, Sequence)
        and not isinstance(found, str)
        and len(found) == len(wanted)
    ):
        for number, pair in enumerate(zip(found, wanted)):
            yield from differences(*pair, f'{where}[{number}]')
    else:
        yield f'{where} {_short(found)}, not {_short(wanted)}'


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'


def _quantise(probs: Probs, kind: str) -> NDArray[Any]:
    """Round probabilities such that the label map stays the same."""
    kept: NDArray[Any]
    if kind == 'uint8':
        kept = np.rint(probs * LEVELS).clip(0, LEVELS).astype(np.uint8)
    else:
        kept = probs.astype(np.float16)
    label = probs.argmax(0)
    rows, columns = np.nonzero(kept.argmax(0) != label)
    winner = label[rows, columns], rows, columns
    if kind == 'uint8':
        kept[winner] += 1  # below 255, for another class is as high
    else:
        kept[winner] = np.nextafter(kept[winner], np.float16(np.inf))
    return kept


def _read_meta(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding='utf-8')))
    except (ValueError, TypeError) as error:
        raise DataError(f'{file}: is no description of a store: {error}') from error
