"""Load images ahead of the model; a broken one does not end the others."""

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

import numpy as np
from mmcv.transforms import Compose
from mmseg.structures import SegDataSample
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from ..errors import ConfigError, DataError
from .views import View

Sample = dict[str, Any]


class Failure(NamedTuple):
    """An image that could not be loaded.

    Attributes:
        name: Its ``file_name``, empty where that is not known.
        error: What the pipeline raised.
    """

    name: str
    error: Exception


@dataclass
class Loaded:
    """An image as the pipeline gives it.

    Attributes:
        name: Its ``file_name``.
        sizes: (3, h, w) uint8 BGR, the image in each size that the views ask for.
        shape: Height and width of the photograph.
        flips: Which of the sizes the pipeline has mirrored.
    """

    name: str
    sizes: list[Tensor]
    shape: tuple[int, int]
    flips: list[View]

    @classmethod
    def of(cls, item: dict[str, Any]) -> 'Loaded':
        """Read a sample, or a list of samples as ``TestTimeAug`` packs them."""
        inputs, samples = item['inputs'], item['data_samples']
        if isinstance(inputs, Tensor):
            inputs, samples = [inputs], [samples]
        name = samples[0].metainfo.get('file_name')
        if name is None:
            raise ConfigError("the pipeline's PackSegInputs keeps no 'file_name'")
        height, width = samples[0].ori_shape[:2]
        flips = [_flip(sample) for sample in samples]
        return cls(str(name), list(inputs), (height, width), flips)


class Guarded(Dataset[Sample | Failure]):
    """A data set that hands out a `Failure` where loading raises.

    Args:
        dataset: A data set, or a ``Subset`` of one.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, place: int) -> Sample | Failure:
        try:
            return cast(Sample, self.dataset[place])
        except (DataError, OSError) as error:
            return Failure(name_of(self.dataset, place), error)


class ArraySource:
    """Stands for the data set of images that are in memory already."""

    def __init__(self, images: Sequence[NDArray[np.uint8]]) -> None:
        self.arrays = images

    def load_image(self, idx: int) -> NDArray[np.uint8]:
        """Return an image, (H, W, 3) uint8 BGR, as ``LoadTrashImage`` asks for it."""
        return self.arrays[idx]


def name_of(dataset: Any, place: int) -> str:
    """Return the ``file_name`` of an image without loading it."""
    while isinstance(dataset, Subset):
        place, dataset = dataset.indices[place], dataset.dataset
    info = getattr(dataset, 'get_data_info', None)
    return '' if info is None else str(info(place).get('file_name', ''))


def load_batches(
    dataset: Any, batch_size: int, num_workers: int, pin_memory: bool = False
) -> Iterator[list[Sample | Failure]]:
    """Load a data set in its order, ahead of its use.

    Args:
        dataset: What to load.
        batch_size: Images per batch.
        num_workers: Processes that load, two batches each ahead; 0 loads in this one.
        pin_memory: For copies to a GPU.

    Yields:
        The batches, failures in their places.
    """
    batches = -(-len(cast(Sized, dataset)) // batch_size)
    yield from DataLoader(
        Guarded(dataset),
        batch_size=batch_size,
        shuffle=False,
        drop_last=False,
        # never more processes than there are batches to load
        num_workers=min(num_workers, batches, os.cpu_count() or 1),
        collate_fn=list,
        pin_memory=pin_memory,
    )


def pack_arrays(
    images: Iterable[tuple[str, NDArray[np.uint8]]],
    pipeline: Sequence[dict[str, Any]],
    batch_size: int,
) -> Iterator[list[Sample | Failure]]:
    """Take images in memory through a pipeline.

    Args:
        images: Names and (H, W, 3) uint8 BGR.
        pipeline: Its first step is ``LoadTrashImage``.
        batch_size: Images per batch.

    Yields:
        The batches.

    Raises:
        ValueError: An image is no H x W x 3 uint8.
    """
    steps = Compose(list(pipeline))
    stream = iter(images)
    while chunk := list(islice(stream, batch_size)):
        batch: list[Sample | Failure] = []
        for name, image in chunk:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
                raise ValueError(
                    f'{name}: expected H x W x 3 uint8, got {image.dtype} '
                    f'of shape {image.shape}'
                )
            info = dict(
                dataset=ArraySource([image]),
                sample_idx=0,
                file_name=name,
                img_path=name,
                seg_fields=[],
                reduce_zero_label=False,
            )
            batch.append(steps(info))
        yield batch


def _flip(sample: SegDataSample) -> View:
    if not sample.metainfo.get('flip'):
        return View()
    vertical = sample.metainfo.get('flip_direction') == 'vertical'
    return View.parse('vflip' if vertical else 'hflip')
