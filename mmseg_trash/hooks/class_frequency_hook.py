"""Log what share of the images and pixels of an epoch each class has."""

from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmseg.registry import HOOKS

from .dataset_parts import parts


@HOOKS.register_module()
class ClassFrequencyHook(Hook):
    """Count the classes that training gets to see, and log them once an epoch.

    An epoch is as many images as the data set has, those of all processes together.
    Logged are, in percent and for each class,

    - ``class_images/<class>``: photographs drawn that show it. Here a sampler that
      prefers rare classes makes itself felt. Left out where the data set does not know.
    - ``class_pixels/<class>``: pixels of the crops after augmentation and mixing,
      ignored ones left out.

    Args:
        stride: Only every so many-th pixel of a side is counted.

    Raises:
        ValueError: ``stride`` is below 1.
    """

    def __init__(self, stride: int = 8) -> None:
        if stride < 1:
            raise ValueError(f'stride must be at least 1, got {stride}')
        self.stride = stride

    def before_train(self, runner: Any) -> None:
        """Read from the data set which classes each image shows."""
        dataset = runner.train_loop.dataloader.dataset
        self._names = list(dataset.metainfo['classes'])
        found = list(parts(dataset))
        self._size = sum(len(part) for part in found)
        self._present: np.ndarray | None = None
        if len(found) == 1 and hasattr(found[0], 'class_counts'):
            self._present = found[0].class_counts() > 0
        self._reset()

    def _reset(self) -> None:
        # drawn images, then per class images and pixels
        self._counts = torch.zeros(1 + 2 * len(self._names), dtype=torch.int64)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Count a batch; log at the end of an epoch.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: The batch.
            outputs: Not used.
        """
        size = len(self._names)
        if not isinstance(data_batch, dict):
            return
        for sample in data_batch.get('data_samples') or ():
            self._counts[0] += 1
            index = sample.metainfo.get('sample_idx')
            if self._present is not None and index is not None:
                self._counts[1 : 1 + size] += torch.from_numpy(self._present[index])
            if 'gt_sem_seg' in sample:
                label = sample.gt_sem_seg.data[0, :: self.stride, :: self.stride]
                counts = torch.bincount(label.flatten().cpu().long(), minlength=256)
                self._counts[1 + size :] += counts[:size]
        if self._counts[0] * get_world_size() >= self._size:
            self._log(runner)

    def _log(self, runner: Any) -> None:
        """Log the epoch and begin the next one."""
        counts = self._counts
        all_reduce(counts)
        size = len(self._names)
        drawn = int(counts[0])
        images = counts[1 : 1 + size] * 100 / drawn
        pixels = counts[1 + size :] * 100 / counts[1 + size :].sum().clamp(min=1)
        tags = {f'class_pixels/{n}': v for n, v in zip(self._names, pixels.tolist())}
        known = self._present is not None
        if known:
            tags |= {
                f'class_images/{n}': v for n, v in zip(self._names, images.tolist())
            }
        runner.visualizer.add_scalars(tags, step=runner.iter + 1)
        text = '; '.join(
            (f'{name} {image:.1f} % of images, ' if known else f'{name} ')
            + f'{pixel:.2f} % of pixels'
            for name, image, pixel in zip(self._names, images, pixels)
        )
        print_log(f'Epoch of {drawn} images: {text}', logger='current')
        self._reset()
