"""Show the same few validation images after each evaluation."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.structures import PixelData
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample

from ..datasets.images import decode_bgr

Panel = tuple[str, np.ndarray, dict[str, np.ndarray]]
MAPS = ('gt_sem_seg', 'pred_sem_seg')


@HOOKS.register_module()
class PredictionPanelHook(Hook):
    """Hand a fixed panel of validation images to the visualizer's backends.

    mmengine's ``SegVisualizationHook`` draws whatever image an iteration happens upon,
    in full size. Here every evaluation of a training draws the same ones, evenly spread
    over the set, on however many processes: the photograph, the truth and the
    prediction side by side as ``panel_<number>_<file>``, at the training's iteration.

    Args:
        num_images: How many images.
        size: Longer side of each of the three pictures, in pixels.
    """

    def __init__(self, num_images: int = 4, size: int = 256) -> None:
        for name, value in dict(num_images=num_images, size=size).items():
            if value < 1:
                raise ValueError(f'{name} must be at least 1, got {value}')
        self.num_images = num_images
        self.size = size
        self._training = False
        self._wanted: dict[int, int] = {}
        self._found: dict[int, Panel] = {}
        self._photographs: dict[str, np.ndarray] = {}

    def before_train(self, runner: Any) -> None:
        """Begin to draw: an evaluation without training has no place on a curve."""
        self._training = True

    def before_val_epoch(self, runner: Any) -> None:
        """Choose the images."""
        total, count = len(runner.val_dataloader.dataset), self.num_images
        places = {(2 * i + 1) * total // (2 * count) for i in range(count)}
        self._wanted = {place: i for i, place in enumerate(sorted(places), 1)}
        self._found = {}

    def after_val_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Keep the panel's images, made small.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: Not used.
            outputs: Data samples with ``sample_idx``, ``img_path``, ``pred_sem_seg``
                and, where there is a truth, ``gt_sem_seg``.
        """
        for sample in outputs or () if self._training else ():
            number = self._wanted.get(sample.get('sample_idx', -1))
            if number is not None and 'img_path' in sample:
                self._found[number] = self._shrink(sample)

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Draw what all processes found."""
        if not self._training:
            return
        found: dict[int, Panel] = {}
        for part in all_gather_object(self._found):
            found.update(part)
        self._found = {}
        if not is_main_process():
            return
        for number, (stem, photograph, maps) in sorted(found.items()):
            sample = SegDataSample()
            for name, labels in maps.items():
                sample.set_field(PixelData(data=labels[None]), name, PixelData)
            runner.visualizer.add_datasample(
                f'panel_{number}_{stem}',
                photograph,
                sample,
                step=runner.iter,
                with_labels=False,
                with_image=True,
            )

    def _shrink(self, sample: Any) -> Panel:
        """Return a file's name, its photograph in RGB and its maps, all small."""
        path = sample.img_path
        if path not in self._photographs:
            self._photographs[path] = self._photograph(path)
        photograph = self._photographs[path]
        size = photograph.shape[1::-1]
        maps = {}
        for name in MAPS:
            if name in sample:
                labels = sample.get(name).data.squeeze(0).cpu().numpy().astype(np.uint8)
                maps[name] = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
        return re.sub(r'[^A-Za-z0-9_.-]', '_', Path(path).stem), photograph, maps

    def _photograph(self, path: str) -> np.ndarray:
        """Read an image; the data set has read it before, so it can be read."""
        image = decode_bgr(Path(path).read_bytes())
        assert image is not None, path
        scale = min(1.0, self.size / max(image.shape[:2]))
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small[..., ::-1])
