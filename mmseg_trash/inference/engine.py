"""The model's side of a prediction: batches by shape, views undone and averaged."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from mmseg.models.utils import resize
from mmseg.structures import SegDataSample
from torch import Tensor

from .loading import Loaded
from .pipelines import Look
from .views import View, to_average
from .windows import blend


@dataclass(frozen=True)
class Windows:
    """How large photographs are cut.

    Attributes:
        size: Side of the windows in pixels.
        overlap: Least share of a window that the next one covers.
        dtype: Of the accumulators, which lie in the CPU's memory.
    """

    size: int
    overlap: float = 0.5
    dtype: torch.dtype = torch.float32


class Engine:
    """Average what a model gives for the views of images.

    Views of equal shape share a forward pass, whichever images they come from. For each
    image of a batch it holds one accumulator of C x H x W float32, and besides one pass
    of ``batch_size`` inputs with their outputs. With windows, the accumulators lie in
    the CPU's memory, one image at a time: one of the photograph's size, a second one
    while a view of another scale is open, and a batch of windows; the device holds the
    batch alone.

    Args:
        model: An mmseg segmentor in evaluation mode.
        looks: Which size is used, how it is turned, and its share.
        mean: ``probs`` or ``logits``, see :class:`~.views.ViewSet`.
        gives_probs: Whether the head's output are probabilities.
        batch_size: Inputs per forward pass.
        dtype: Precision of the forward pass.
        windows: Cut images into windows; None takes them whole.
    """

    def __init__(
        self,
        model: Any,
        looks: Sequence[Look],
        mean: str = 'probs',
        gives_probs: bool = False,
        batch_size: int = 1,
        dtype: torch.dtype = torch.float32,
        windows: Windows | None = None,
    ) -> None:
        self.model = model
        self.looks = list(looks)
        self.mean = mean
        self.gives_probs = gives_probs
        self.batch_size = batch_size
        self.dtype = dtype
        self.windows = windows
        self.device = next(model.parameters()).device

    def averages(self, images: Sequence[Loaded], mean: str) -> Iterator[Tensor]:
        """Yield the views' average of each image, (C, H, W).

        Args:
            images: One batch.
            mean: What is averaged, ``probs`` or ``logits``.
        """
        if self.windows is None:
            yield from self._whole(images, mean)
            return
        for image in images:
            yield self._blended(image, self.windows, mean)

    def probs(self, images: Sequence[Loaded]) -> Iterator[Tensor]:
        """Yield each image's probabilities, (C, H, W) float32, on the device."""
        for average in self.averages(images, self.mean):
            if self.mean == 'logits':
                _softmax_in_bands(average)
            yield average.float()
            del average  # or it would be held while the next one is made

    def labels(self, images: Sequence[Loaded]) -> Iterator[Tensor]:
        """Yield each image's label map, (H, W) uint8, on the device."""
        mean = self.mean
        if len(self.looks) == 1 and not self.gives_probs and self.windows is None:
            mean = 'logits'  # the softmax of a single view turns no label
        for average in self.averages(images, mean):
            label = average.argmax(dim=0).to(torch.uint8)
            del average
            yield label

    def outputs(self, inputs: Sequence[Tensor]) -> Tensor:
        """Run the model on images of one shape.

        Args:
            inputs: (3, H, W) uint8 BGR each.

        Returns:
            (n, C, H, W), what the head gives, in the precision of the pass.
        """
        samples = [_sample(image) for image in inputs]
        data = self.model.data_preprocessor(
            dict(inputs=list(inputs), data_samples=samples), False
        )
        batch, samples = data['inputs'], data['data_samples']
        height, width = (int(side) for side in batch.shape[2:])
        shape = dict(img_shape=(height, width), pad_shape=(height, width))
        metas = [{**sample.metainfo, **shape} for sample in samples]
        with self._precision():
            found: Tensor = self.model.inference(batch, metas)
        padding = samples[0].metainfo.get('img_padding_size', (0, 0, 0, 0))
        left, right, top, bottom = padding
        return found[:, :, top : height - bottom, left : width - right]

    def _precision(self) -> AbstractContextManager[Any]:
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    @torch.inference_mode()
    def _whole(self, images: Sequence[Loaded], mean: str) -> list[Tensor]:
        groups: dict[tuple[int, ...], list[tuple[int, int, View, float]]] = {}
        sizes = [[x.to(self.device) for x in image.sizes] for image in images]
        for number in range(len(images)):
            for size, view, share in self.looks:
                shape = tuple(sizes[number][size].shape)
                turned = (*shape[:-2], shape[-1], shape[-2])
                key = turned if view.turns % 2 else shape
                groups.setdefault(key, []).append((number, size, view, share))
        totals: list[Tensor | None] = [None] * len(images)
        # Logits of one size are averaged before they are resized, which is the same.
        waiting: dict[tuple[int, int], Tensor] = {}
        for jobs in groups.values():
            for start in range(0, len(jobs), self.batch_size):
                batch = jobs[start : start + self.batch_size]
                inputs = [view.apply(sizes[n][size]) for n, size, view, _ in batch]
                for (n, size, view, share), output in zip(batch, self.outputs(inputs)):
                    output = images[n].flips[size].invert(view.invert(output))
                    if mean == 'logits':
                        output = to_average(output, self.gives_probs, mean)
                        _add(waiting, (n, size), output, share)
                        continue
                    output = to_average(
                        self._resized(output, images[n].shape), self.gives_probs, mean
                    )
                    totals[n] = _sum(totals[n], output, share)
        for (n, _), output in waiting.items():
            totals[n] = _sum(totals[n], self._resized(output, images[n].shape), 1)
        return [total for total in totals if total is not None]

    def _resized(self, output: Tensor, shape: tuple[int, int]) -> Tensor:
        if tuple(output.shape[-2:]) == shape:
            return output
        return resize(
            output[None].float(),
            size=shape,
            mode='bilinear',
            align_corners=self.model.align_corners,
            warning=False,
        )[0]

    @torch.inference_mode()
    def _blended(self, image: Loaded, windows: Windows, mean: str) -> Tensor:
        def run(crops: list[Tensor]) -> Tensor:
            output = self.outputs([crop.to(self.device) for crop in crops])
            return to_average(output, self.gives_probs, mean)

        total = self._zeros(image.shape, windows)
        for place, size in enumerate(image.sizes):
            looks = [(view, share) for at, view, share in self.looks if at == place]
            plain = tuple(size.shape[-2:]) == image.shape
            target = total if plain else self._zeros(size.shape[-2:], windows)
            cut = (windows.size, windows.overlap, self.batch_size)
            blend(size, target, looks, run, *cut)
            if not plain:
                for channel, source in zip(total, target):
                    channel += self._resized(source[None], image.shape)[0].to(channel)
        return total

    def _zeros(self, shape: Sequence[int], windows: Windows) -> Tensor:
        channels = int(self.model.out_channels)
        return torch.zeros((channels, *shape), dtype=windows.dtype)


def _sum(total: Tensor | None, output: Tensor, share: float) -> Tensor:
    if total is None:
        return output if share == 1 else output * share
    return total.add_(output, alpha=share)


def _add(store: dict[Any, Tensor], key: Any, output: Tensor, share: float) -> None:
    store[key] = _sum(store.get(key), output, share)


@torch.inference_mode()
def _softmax_in_bands(logits: Tensor, rows: int = 256) -> None:
    """Take the softmax over the first dimension, in place and in little memory."""
    for start in range(0, logits.shape[1], rows):
        band = logits[:, start : start + rows]
        band.copy_(band.float().softmax(dim=0))


def _sample(image: Tensor) -> SegDataSample:
    shape = tuple(image.shape[-2:])
    return SegDataSample(metainfo=dict(ori_shape=shape, img_shape=shape))
