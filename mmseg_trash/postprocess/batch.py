"""Post-process the stored predictions of many images."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..datasets.images import decode_bgr, find_image_folder
from ..datasets.palettes import complete_palette
from ..errors import ConfigError, DataError
from ..fileio import atomic_write
from ..workbench.predictions import Predictions
from .dense_crf import probs_from_labels
from .order import PostProcess
from .processes import map_in_processes

Label = NDArray[np.uint8]
NOTE = 'postprocess.json'


@dataclass(frozen=True)
class Ensemble:
    """The stored predictions of an ensemble's members, and the photographs.

    Attributes:
        members: Their predictions, of the same classes.
        weights: Share of each in the mean.
        image_folder: Where the photographs lie; None will do without a CRF.
        confidence: Probability of its label, for a member of label maps alone.
    """

    members: Sequence[Predictions]
    weights: Sequence[float]
    image_folder: Path | None = None
    confidence: float = 0.7

    def __post_init__(self) -> None:
        """Check that the members fit together."""
        if not self.members or len(self.weights) != len(self.members):
            raise ConfigError(
                f'{len(self.weights)} weights for {len(self.members)} members'
            )
        for weight in self.weights:
            if not 0 < weight < float('inf'):
                raise ConfigError(f'a weight of {weight:g} is not positive')
        for member in self.members[1:]:
            if member.classes != self.members[0].classes:
                raise DataError(
                    f'{member.path}: has other classes than {self.members[0].path}'
                )

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes."""
        return self.members[0].classes

    def check(self, names: Sequence[str]) -> None:
        """See that every member has all images.

        Raises:
            DataError: One lacks some; names the first.
        """
        for member in self.members:
            missing = [name for name in names if name not in member]
            if missing:
                raise DataError(
                    f'{member.path}: lacks {len(missing)} of {len(names)} images, the '
                    f'first is {missing[0]!r}'
                )

    def read(self, name: str) -> tuple[NDArray[np.float32], list[Label]]:
        """Return an image's mean probabilities (C x H x W) and the members' label maps.

        Raises:
            DataError: A member's file is damaged, or the sizes differ.
        """
        labels: list[Label] = []
        total: Any = 0.0
        for member, weight in zip(self.members, self.weights):
            probs = member.probs(name)
            if probs is None:
                label = member.label_map(name)
                probs = probs_from_labels(label, len(self.classes), self.confidence)
            else:
                label = probs.argmax(axis=0).astype(np.uint8)
            if labels and label.shape != labels[0].shape:
                raise DataError(
                    f'{member.path}: {name}: the size is {label.shape}, that of '
                    f'{self.members[0].path} {labels[0].shape}'
                )
            labels.append(label)
            total = total + np.float32(weight) * probs
        return total / np.float32(sum(self.weights)), labels

    def image(self, name: str) -> NDArray[np.uint8] | None:
        """Return a photograph, H x W x 3 RGB; None without a folder.

        Raises:
            DataError: It is missing or no image.
        """
        if self.image_folder is None:
            return None
        path = self.image_folder / name
        try:
            found = decode_bgr(path.read_bytes())
        except OSError as error:
            raise DataError(f'{path}: cannot be read: {error}') from error
        if found is None:
            raise DataError(f'{path}: no readable image')
        return np.ascontiguousarray(found[..., ::-1])


def postprocess_image(
    ensemble: Ensemble,
    post: PostProcess,
    name: str,
    threads: int | None = None,
    device: str | None = None,
) -> tuple[str, Label]:
    """Return an image's name and its label map after all steps.

    Raises:
        DataError: Something of the image's is wrong; names it.
    """
    probs, labels = ensemble.read(name)
    image = ensemble.image(name) if post.needs_image else None
    try:
        return name, post(image, probs, labels, threads, device)
    except ValueError as error:
        raise DataError(f'{name}: {error}') from error


def postprocess_all(
    ensemble: Ensemble,
    post: PostProcess,
    names: Sequence[str],
    workers: int = 1,
    device: str | None = None,
) -> Iterator[tuple[str, Label]]:
    """Yield the names and label maps of images, in order.

    Args:
        ensemble: What to read.
        post: The steps.
        names: The images.
        workers: Processes; their number changes no result.
        device: See :class:`PostProcess`; a GPU takes one process.
    """
    if post.needs_image and ensemble.image_folder is None:
        raise ConfigError('the CRF needs the folder of the photographs')
    call = partial(
        postprocess_image,
        ensemble,
        post,
        threads=1 if workers > 1 else None,
        device=device,
    )
    yield from map_in_processes(call, names, workers)


class LabelFolder:
    """A folder of label maps, ``<file_name>.png``, that grows image by image.

    A note beside them tells what they were made from. An interrupted run goes on; a
    folder of something else is refused.

    Args:
        folder: Where to write.
        classes: Names of the classes, for the palette.
        source: What the label maps are made from, JSON values.

    Raises:
        DataError: The folder holds label maps of another source.
    """

    def __init__(
        self, folder: str | os.PathLike[str], classes: Sequence[str], source: Any
    ) -> None:
        self.folder = Path(folder)
        palette = complete_palette(dict(classes=classes))['palette']
        self.palette = np.array(palette, np.uint8).tobytes()
        self.text = json.dumps(source, indent=2) + '\n'
        note = self.folder / NOTE
        if note.is_file() and note.read_text(encoding='utf-8') != self.text:
            raise DataError(f'{note}: other steps or inputs; choose another folder')

    def path(self, name: str) -> Path:
        """Return the file of an image's label map.

        Raises:
            DataError: The name leads out of the folder.
        """
        path = self.folder / f'{name}.png'
        if self.folder.resolve() not in path.resolve().parents:
            raise DataError(f'{name}: leads out of {self.folder}')
        return path

    def write(self, name: str, label: Label) -> None:
        """Write one label map, whole or not at all, the first one after the note."""
        note = self.folder / NOTE
        if not note.is_file():
            with atomic_write(note) as temporary:
                temporary.write_text(self.text, encoding='utf-8')
        image = Image.fromarray(label)
        image.putpalette(self.palette)
        with atomic_write(self.path(name)) as temporary:
            image.save(temporary)


def source_of(ensemble: Ensemble, post: PostProcess) -> dict[str, Any]:
    """Describe what label maps are made from, in JSON values."""
    return dict(
        postprocess=json.loads(json.dumps(asdict(post))),
        members=[str(member.path) for member in ensemble.members],
        weights=list(ensemble.weights),
        confidence=ensemble.confidence,
    )


def image_folder(data_root: str, names: Sequence[str]) -> Path:
    """Return where the photographs lie: in a folder itself or in its ``images/``."""
    return find_image_folder(data_root, names)
