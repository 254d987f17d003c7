"""Labelled images together with images that models labelled."""

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from mmengine.dataset import ConcatDataset
from mmseg.registry import DATASETS

from ..errors import ConfigError, DataError
from ..pseudo.trained import pseudo_info
from .trash_dataset import TrashDataset

FINEST = 20


@DATASETS.register_module()
class PseudoLabelledDataset(ConcatDataset):
    """A ``TrashDataset`` with data sets of pseudo labels beside it, by weight.

    The weight says how often an image is drawn for one time that a labelled image is:
    it is a matter of drawing, so that every head, loss and mix works as ever. With N
    labelled and n further images of weight w, w·n / (N + w·n) of a batch are further
    ones. All samplers keep to it, as the index holds each image that often. What
    transforms mix into any image is taken from the labelled ones.

    Args:
        pseudo: The JSON of tools/pseudo_label.py, relative to the present folder; or
            several, each as its path or as a dict with ``ann_file``, ``weight``, and
            arguments of ``TrashDataset`` that differ.
        pseudo_weight: Of files without ``weight``, in steps of 1/20.
        kwargs: Arguments of :class:`TrashDataset` for the labelled images; folders and
            pipeline are those of the further images too.

    Raises:
        ConfigError: A weight is out of range, or an entry lacks its ``ann_file``.
        DataError: A file holds no pseudo labels, or an image has both kinds of labels.
    """

    def __init__(
        self,
        pseudo: str | Sequence[str | Mapping[str, Any]],
        pseudo_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        lazy = bool(kwargs.pop('lazy_init', False))
        kwargs.pop('type', None)
        self.weights = [Fraction(1)]
        datasets = [TrashDataset(lazy_init=lazy, **kwargs)]
        shared = {k: v for k, v in kwargs.items() if k not in ('subset', 'indices')}
        for entry in [pseudo] if isinstance(pseudo, str) else pseudo:
            own = dict(ann_file=entry) if isinstance(entry, str) else dict(entry)
            if 'ann_file' not in own:
                raise ConfigError(f'pseudo: expected ann_file and weight, got {own}')
            own['ann_file'] = os.path.abspath(own['ann_file'])  # noqa: PTH100
            self.weights.append(_fraction(own.pop('weight', pseudo_weight)))
            if pseudo_info(own['ann_file']) is None:
                raise DataError(
                    f'{own["ann_file"]}: holds no pseudo labels of '
                    'tools/pseudo_label.py, which the guard of the evaluation needs'
                )
            further = TrashDataset(lazy_init=lazy, **{**shared, **own})
            further.donors = datasets[0]
            datasets.append(further)
        super().__init__(datasets, lazy_init=lazy)

    def full_init(self) -> None:
        """Read all files and lay out the index.

        Raises:
            DataError: An image has true labels and pseudo labels.
        """
        if self._fully_initialized:
            return
        super().full_init()
        labelled, *further = (
            {d.get_data_info(i)['file_name'] for i in range(len(d))}
            for d in self.datasets
        )
        for dataset, names in zip(self.datasets[1:], further):
            if both := sorted(labelled & names):
                raise DataError(
                    f'{dataset.ann_file}: {len(both)} images have true labels as well, '
                    f'{both[0]!r} is one; make pseudo labels for other images'
                )
        common = np.lcm.reduce([weight.denominator for weight in self.weights])
        times = [int(weight * int(common)) for weight in self.weights]
        sizes = [len(dataset) for dataset in self.datasets]
        starts = np.cumsum([0, *sizes])
        self._index = np.concatenate(
            [
                np.tile(np.arange(start, start + size), repeat)
                for start, size, repeat in zip(starts, sizes, times)
            ]
        )

    def __len__(self) -> int:
        """Return the length of the index, in which images stand several times."""
        if not self._fully_initialized:
            self.full_init()
        return len(self._index)

    def _get_ori_dataset_idx(self, idx: int) -> tuple[int, int]:
        place: tuple[int, int] = super()._get_ori_dataset_idx(int(self._index[idx]))
        return place

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the labels that an image's label map holds.

        Args:
            idx: Index of the image.
        """
        part, place = self._get_ori_dataset_idx(idx)
        found: list[int] = self.datasets[part].get_cat_ids(place)
        return found

    def class_counts(self) -> np.ndarray:
        """Return (length, classes) int64: how many pixels of each class."""
        counts = np.concatenate([dataset.class_counts() for dataset in self.datasets])
        found: np.ndarray = counts[self._index]
        return found


def _fraction(weight: Any) -> Fraction:
    """Return a weight as a fraction of small numbers.

    Raises:
        ConfigError: It is no number from 1/20 to 20.
    """
    number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
    if not number or not 1 / FINEST <= weight <= FINEST:
        raise ConfigError(
            f'pseudo: weight must be a number from {1 / FINEST:g} to {FINEST}, '
            f'got {weight!r}'
        )
    return Fraction(round(weight * FINEST), FINEST)
