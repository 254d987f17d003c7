"""What transforms that mix images ask of a data set: images, label maps, objects."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .coco import read_bytes
from .image_cache import ImageCache, open_image_cache
from .images import read_image
from .instance import Instance, InstanceIndex
from .label_cache import LabelCache, LabelRule, open_label_cache


class DonorSource:
    """Random access to the images of a data set, past its pipeline.

    Attributes:
        ann_file: Path of the COCO JSON.
        label_rule: What decides the labels.
        cache_dir: Folder of the caches, None for the usual one.
        image_cache: Whether decoded images are kept too.
        image_folder: Folder that the JSON's file names start from.
        donors: The data set whose images are mixed into those of this one; None is
            this one itself.
    """

    ann_file: str
    label_rule: LabelRule
    cache_dir: str | None
    image_cache: bool
    image_folder: str
    donors: 'DonorSource | None' = None
    _label_key = ''
    _labels: LabelCache | None = None
    _images: ImageCache | None = None

    if TYPE_CHECKING:
        # mmengine's BaseDataset has both; defined here they would hide its own.
        def __len__(self) -> int: ...

        def get_data_info(self, idx: int) -> dict[str, Any]: ...

    @property
    def has_labels(self) -> bool:
        """Whether the JSON holds annotations."""
        return self.labels.has_labels

    @property
    def labels(self) -> LabelCache:
        """The label maps of the whole JSON, by its rows; opened at the first use."""
        if self._labels is None:
            content = read_bytes(self.ann_file)
            key = self.label_rule.key(content)
            if self._label_key and key != self._label_key:
                raise DataError(f'{self.ann_file} changed while it was in use')
            self._labels = open_label_cache(
                content, self.ann_file, self.label_rule, self.cache_dir
            )
            self._label_key = key
        return self._labels

    @property
    def images(self) -> ImageCache:
        """The decoded images of the whole JSON, by its rows; made at the first use.

        Whole, so that all folds and subsets share one file.
        """
        if self._images is None:
            records = self.labels.images
            self._images = open_image_cache(
                [str(Path(self.image_folder) / image.file_name) for image in records],
                [(image.height, image.width) for image in records],
                Path(self.ann_file).stem,
                self.cache_dir,
            )
        return self._images

    def load_image(self, idx: int) -> np.ndarray:
        """Decode an image.

        Args:
            idx: Index of the image.

        Returns:
            (H, W, 3) uint8, BGR, the caller's own.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is truncated, unreadable, or of another size than in the JSON.
        """
        info = self.get_data_info(idx)
        if self.image_cache:
            return self.images.image(info['row'])
        return read_image(info['img_path'], info['height'], info['width'])

    def label_map_of(self, idx: int) -> np.ndarray:
        """Return the label map of an image: (H, W) uint8, the caller's own.

        Args:
            idx: Index of the image.

        Raises:
            DataError: The JSON has no annotations.
        """
        if not self.has_labels:
            raise DataError(
                f'{self.ann_file} has no annotations, so there are no label maps; use '
                'a pipeline without LoadLabelMap (predict_pipeline)'
            )
        return self.labels.label_map(self._row(idx))

    def instances(self, idx: int) -> list[Instance]:
        """Return the objects of an image in the JSON's order, not yet decoded.

        Args:
            idx: Index of the image.
        """
        return self.labels.instances(self._row(idx))

    def class_counts(self) -> np.ndarray:
        """Return (images, classes) int64: how many pixels of each class."""
        return self.labels.class_counts[self._rows()]

    def instance_index(self) -> InstanceIndex:
        """Return image, label, area and order of all objects of the data set."""
        return self.labels.instance_index(self._rows())

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the labels that an image's label map holds.

        Args:
            idx: Index of the image.
        """
        return np.flatnonzero(self.labels.class_counts[self._row(idx)]).tolist()

    def _row(self, idx: int) -> int:
        return self.get_data_info(idx)['row']

    def _rows(self) -> np.ndarray:
        return np.array([self._row(idx) for idx in range(len(self))], np.int64)

    def __getstate__(self) -> dict:
        # Memory maps cannot be sent to a spawned worker; it opens its own.
        return {**self.__dict__, '_labels': None, '_images': None}
