"""Write predictions: label maps, overlays, probabilities, COCO results."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Subset

from ..datasets.images import read_photograph
from ..errors import DataError
from ..fileio import atomic_write
from ..postprocess.order import PostProcess
from .coco_results import encode
from .store import Probs, ProbStore
from .visualize import overlay

KINDS = ('labels', 'overlays', 'probs', 'coco')
SUFFIXES = dict(labels='.png', overlays='.jpg', coco='.json')


class PredictionWriter:
    """Write what a model predicts for each image, in a fixed layout below one folder.

    ``labels/<file_name>.png`` with the palette, ``overlays/<file_name>.jpg``,
    ``coco/<file_name>.json``, and the store ``probs/``. The extension of ``file_name``
    stays, so that two images which differ in it alone do not meet. An image is done
    when all its files are there.

    Args:
        folder: Where to write.
        store: The store below it, whose description guards the whole folder.
        kinds: Some of `KINDS`.
        palette: RGB colour of each class.
        image_folder: Where the photographs lie, for overlays and a CRF.
        post: Steps behind the probabilities; the store keeps what comes before them.
        image_ids: ``file_name`` -> id, for COCO results.
        category_ids: Id of each class, for COCO results.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        store: ProbStore,
        kinds: Sequence[str],
        palette: Sequence[Sequence[int]],
        image_folder: str | os.PathLike[str],
        post: PostProcess | None = None,
        image_ids: Mapping[str, int] | None = None,
        category_ids: Sequence[int] = (),
    ) -> None:
        self.folder = Path(folder)
        self.store = store
        self.kinds = tuple(kinds)
        self.palette = [(int(r), int(g), int(b)) for r, g, b in palette]
        self.image_folder = Path(image_folder)
        self.post = post or PostProcess()
        self.image_ids = image_ids or {}
        self.category_ids = category_ids

    def path(self, name: str, kind: str) -> Path:
        """Return the file of an image's label map, overlay or COCO results.

        Raises:
            DataError: The name leads out of the folder.
        """
        path = self.folder / kind / f'{name}{SUFFIXES[kind]}'
        if (self.folder / kind).resolve() not in path.resolve().parents:
            raise DataError(f'{name}: leads out of {self.folder}')
        return path

    @property
    def needs_probs(self) -> bool:
        """Return whether label maps alone would not do."""
        return self.post != PostProcess() or bool({'probs', 'coco'} & set(self.kinds))

    def is_done(self, name: str) -> bool:
        """Return whether all that is wished of an image is there."""
        return all(
            name in self.store if kind == 'probs' else self.path(name, kind).is_file()
            for kind in self.kinds
        )

    def is_begun(self, name: str) -> bool:
        """Return whether anything is there of an image, wished or not."""
        return name in self.store or any(
            self.path(name, kind).is_file() for kind in SUFFIXES
        )

    def missing(self, dataset: Any, places: Sequence[int] | None = None) -> Subset:
        """Return the part of a data set that is still to be predicted.

        Args:
            dataset: The data set.
            places: Those of its images that count; None counts all.
        """
        left = [
            place
            for place in (range(len(dataset)) if places is None else places)
            if not self.is_done(dataset.get_data_info(place)['file_name'])
        ]
        return Subset(dataset, left)

    def write(
        self, name: str, probs: Probs, image: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Write what is wished of one image, each file whole or not at all.

        Args:
            name: Its ``file_name``.
            probs: (C, H, W).
            image: (H, W, 3) RGB; None reads it where it is needed.

        Returns:
            The label map, (H, W).

        Raises:
            DataError: The photograph cannot be read.
        """
        if image is None and ('overlays' in self.kinds or self.post.needs_image):
            image = read_photograph(self.image_folder / name)
        members = [probs.argmax(0).astype(np.uint8)] if self.post.needs_members else []
        label = self.post(image, probs, members)
        if 'probs' in self.kinds:
            self.store.write(name, probs)
        if 'coco' in self.kinds:
            number = self.image_ids[name]
            results = encode(label, number, self.category_ids, probs)
            with atomic_write(self.path(name, 'coco')) as temporary:
                temporary.write_text(json.dumps(results), encoding='utf-8')
        self.write_label(name, label, image)
        return label

    def write_label(
        self,
        name: str,
        label: NDArray[np.uint8],
        image: NDArray[np.uint8] | None = None,
    ) -> None:
        """Write what a label map alone gives: itself with the palette, the overlay.

        Args:
            name: The image's ``file_name``.
            label: (H, W).
            image: (H, W, 3) RGB; None reads it where it is needed.

        Raises:
            DataError: The photograph cannot be read.
        """
        if 'labels' in self.kinds:
            picture = Image.fromarray(label)
            picture.putpalette(np.array(self.palette, np.uint8).tobytes())
            with atomic_write(self.path(name, 'labels')) as temporary:
                picture.save(temporary)
        if 'overlays' in self.kinds:
            if image is None:
                image = read_photograph(self.image_folder / name)
            drawn = overlay(image, label, self.palette)
            with atomic_write(self.path(name, 'overlays')) as temporary:
                Image.fromarray(drawn).save(temporary, quality=90)

    def labels(self, names: Sequence[str]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Read written label maps.

        Yields:
            The name and the label map, (H, W).

        Raises:
            DataError: A file cannot be read.
        """
        for name in names:
            path = self.path(name, 'labels')
            try:
                with Image.open(path) as image:
                    yield name, np.asarray(image, np.uint8)
            except OSError as error:
                raise DataError(f'{path}: cannot be read: {error}') from error
