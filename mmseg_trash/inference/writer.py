"""Write predictions: label maps, overlays, probabilities."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from torch.utils.data import Subset

from ..errors import DataError
from ..fileio import atomic_write
from .store import Probs, ProbStore
from .visualize import overlay


class PredictionWriter:
    """Write what a model predicts for each image, in a fixed layout below one folder.

    ``labels/<file_name>.png`` with the palette, ``overlays/<file_name>.jpg``, and the
    store ``probs/``. The extension of ``file_name`` stays, so that two images which
    differ in it alone do not meet. The last of an image's files tells that it is done.

    Args:
        folder: Where to write.
        store: The store below it, whose description guards the whole folder.
        kinds: Some of ``labels``, ``overlays``, ``probs``.
        palette: RGB colour of each class.
        image_folder: Where the photographs lie, for overlays.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        store: ProbStore,
        kinds: Sequence[str],
        palette: Sequence[Sequence[int]],
        image_folder: str | os.PathLike[str],
    ) -> None:
        self.folder = Path(folder)
        self.store = store
        self.kinds = tuple(kinds)
        self.palette = [(int(r), int(g), int(b)) for r, g, b in palette]
        self.image_folder = Path(image_folder)

    def path(self, name: str, kind: str) -> Path:
        """Return the file of an image's label map or overlay.

        Raises:
            DataError: The name leads out of the folder.
        """
        suffix = '.png' if kind == 'labels' else '.jpg'
        path = self.folder / kind / f'{name}{suffix}'
        if (self.folder / kind).resolve() not in path.resolve().parents:
            raise DataError(f'{name}: leads out of {self.folder}')
        return path

    def is_done(self, name: str) -> bool:
        """Return whether all that is wished of an image is there."""
        return all(
            name in self.store if kind == 'probs' else self.path(name, kind).is_file()
            for kind in self.kinds
        )

    def missing(self, dataset: Any) -> Subset:
        """Return the part of a data set that is still to be predicted."""
        places = [
            place
            for place in range(len(dataset))
            if not self.is_done(dataset.get_data_info(place)['file_name'])
        ]
        return Subset(dataset, places)

    def write(self, name: str, probs: Probs) -> None:
        """Write what is wished of one image, each file whole or not at all."""
        label = probs.argmax(0).astype(np.uint8)
        if 'probs' in self.kinds:
            self.store.write(name, probs)
        if 'labels' in self.kinds:
            image = Image.fromarray(label)
            image.putpalette(np.array(self.palette, np.uint8).tobytes())
            with atomic_write(self.path(name, 'labels')) as temporary:
                image.save(temporary)
        if 'overlays' in self.kinds:
            photograph = cv2.imread(str(self.image_folder / name))
            if photograph is None:
                raise DataError(f'{self.image_folder / name}: cannot be read')
            image_rgb = cv2.cvtColor(photograph, cv2.COLOR_BGR2RGB)
            drawn = overlay(np.asarray(image_rgb, np.uint8), label, self.palette)
            with atomic_write(self.path(name, 'overlays')) as temporary:
                Image.fromarray(drawn).save(temporary, quality=90)
