"""The scores of ``TrashIoUMetric``, with a record of every image."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmseg.registry import METRICS
from PIL import Image

from ..errors import DataError
from ..fileio import atomic_write
from .padding import BatchCounts, join_batches, kept_samples
from .records import Records, write_records
from .trash_iou_metric import TrashIoUMetric


@METRICS.register_module()
class RecordedIoUMetric(TrashIoUMetric):
    """Keep each image's confusion matrices, and its predicted label map if wished.

    From the records every score can be computed again: over several folds, or over
    images drawn with replacement.

    Args:
        records_file: Where the records go, ``.npz``, see :class:`Records`; written by
            the main process.
        labels_dir: Folder for the predictions, PNG with the palette, named by
            ``file_name``; None writes none.
        **kwargs: For :class:`TrashIoUMetric`.

    Raises:
        ValueError: ``records_file`` does not end in ``.npz``.
    """

    def __init__(
        self,
        records_file: str | os.PathLike[str],
        labels_dir: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if Path(records_file).suffix != '.npz':
            raise ValueError(f'records_file must end in .npz, got {records_file}')
        self.records_file = records_file
        self.labels_dir = None if labels_dir is None else Path(labels_dir)

    def process(self, data_batch: Any, data_samples: Sequence[Mapping]) -> None:
        """Count a batch and write its predictions.

        Raises:
            DataError: A sample has no ``file_name``, or as the parent says.
        """
        super().process(data_batch, data_samples)
        for sample in data_samples:
            name = sample.get('file_name')
            if not name:
                raise DataError(
                    f"{sample.get('img_path', 'a sample')}: has no 'file_name'; let "
                    'PackSegInputs keep it'
                )
            if self.labels_dir is not None:
                self._write_label(self.labels_dir / name, sample['pred_sem_seg'])

    def _write_label(self, path: Path, prediction: Mapping) -> None:
        label = prediction['data'].squeeze(0).to('cpu').numpy().astype(np.uint8)
        image = Image.fromarray(label)
        colours = np.array((self.dataset_meta or {}).get('palette', []), np.uint8)
        image.putpalette(colours.tobytes())
        with atomic_write(path.with_suffix('.png')) as temporary:
            image.save(temporary)

    def compute_metrics(self, results: list[BatchCounts]) -> dict[str, float]:
        """Compute the metrics and write the records."""
        metrics = super().compute_metrics(results)
        kept = kept_samples(results, self._dataset_size)
        names = [results[number].keys[index][-1] for number, index in kept]  # type: ignore[index]
        matrices, batches = join_batches(results, self._dataset_size)
        sizes = [0 if size is None else size for size in self._sizes]
        records = Records(names, matrices, batches, sizes, self._classes)
        write_records(records, self.records_file)
        return metrics
