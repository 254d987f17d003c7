"""The rows of the analysis sheets: one image, its pictures and their captions."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metainfo import IGNORE_INDEX
from .lettering import Colour, Picture
from .visualize import error_map, overlay

Row = tuple[list[Picture], list[str]]

BROWSE_HEADINGS = ('image', 'labels', 'after the pipeline', 'its labels')
PREDICTION_HEADINGS = ('image', 'truth', 'prediction', 'errors')


def pick(total: int, number: int, seed: int) -> list[int]:
    """Draw ``number`` of ``total`` indices, all of them if there are fewer; sorted."""
    generator = np.random.default_rng(seed)
    drawn = generator.choice(total, size=min(number, total), replace=False)
    return sorted(int(index) for index in drawn)


def names_and_colours(dataset: Any) -> tuple[tuple[str, ...], list[Colour]]:
    """Return the classes and the palette of a data set."""
    palette: list[Colour] = [tuple(colour) for colour in dataset.metainfo['palette']]
    return tuple(dataset.metainfo['classes']), palette


def browse_row(dataset: Any, index: int) -> Row:
    """Show an image with its labels, before and after the data set's pipeline.

    Args:
        dataset: A ``TrashDataset`` whose pipeline ends in packed inputs with labels.
        index: Which image.

    Returns:
        Pictures and captions, one per entry of `BROWSE_HEADINGS`.
    """
    classes, palette = names_and_colours(dataset)
    image = np.ascontiguousarray(dataset.load_image(index)[..., ::-1])
    label = dataset.label_map_of(index)
    packed = dataset[index]
    pixels = packed['inputs'].permute(1, 2, 0).numpy()[..., ::-1]
    after = np.ascontiguousarray(pixels.clip(0, 255).astype(np.uint8))
    new = packed['data_samples'].gt_sem_seg.data[0].numpy().astype(np.uint8)
    if new.shape != after.shape[:2]:
        # A validation pipeline resizes the image alone.
        size = (after.shape[1], after.shape[0])
        new = cv2.resize(new, size, interpolation=cv2.INTER_NEAREST)
    return (
        [image, overlay(image, label, palette), after, overlay(after, new, palette)],
        [
            str(dataset.get_data_info(index)['file_name']),
            _shares(label, classes),
            f'{after.shape[1]} × {after.shape[0]}',
            _shares(new, classes),
        ],
    )


def image_iou(
    dataset: Any, index: int, prediction: NDArray[np.uint8]
) -> tuple[float, NDArray[np.float64]]:
    """Score one prediction.

    Args:
        dataset: A ``TrashDataset``.
        index: Which image.
        prediction: Its predicted label map at full size.

    Returns:
        The mean over the classes in truth or prediction (0 to 1; nan if all is ignored)
        and the IoU of every class, (C,), nan where it is in neither.
    """
    # Imported late: brings the whole framework along.
    from ..metrics.confusion import (
        confusion_matrix,
        iou_from_confusion,
        mean_of_finite,
    )

    classes = len(dataset.metainfo['classes'])
    truth = dataset.label_map_of(index)
    matrix = confusion_matrix(prediction, truth, classes, IGNORE_INDEX)
    iou = iou_from_confusion(matrix)
    return float(mean_of_finite(iou)), iou


def prediction_row(dataset: Any, index: int, prediction: NDArray[np.uint8]) -> Row:
    """Show an image, its truth, a prediction and where they differ.

    Args:
        dataset: A ``TrashDataset``.
        index: Which image.
        prediction: Its predicted label map at full size.

    Returns:
        Pictures and captions, one per entry of `PREDICTION_HEADINGS`.
    """
    classes, palette = names_and_colours(dataset)
    image = np.ascontiguousarray(dataset.load_image(index)[..., ::-1])
    truth = dataset.label_map_of(index)
    mean, iou = image_iou(dataset, index, prediction)
    parts = [
        f'{name} {100 * value:.0f}'
        for name, value in list(zip(classes, iou))[1:]
        if not np.isnan(value)
    ]
    return (
        [
            image,
            overlay(image, truth, palette),
            overlay(image, prediction, palette),
            error_map(image, truth, prediction),
        ],
        [
            str(dataset.get_data_info(index)['file_name']),
            _shares(truth, classes),
            _shares(prediction, classes),
            f'mIoU {100 * mean:.1f} · ' + ', '.join(parts or ['background alone']),
        ],
    )


def prediction_rows(
    predictor: Any, dataset: Any, number: int, seed: int, worst: bool = False
) -> Iterator[Row]:
    """Predict some images of a data set and show each as :func:`prediction_row`.

    Args:
        predictor: A :class:`mmseg_trash.inference.predictor.Predictor`.
        dataset: The data set that it built.
        number: How many images.
        seed: Decides which.
        worst: Predict all and show those of the lowest mIoU instead, worst first.

    Yields:
        The rows.
    """
    from torch.utils.data import Subset

    total = len(dataset)
    picked = list(range(total)) if worst else pick(total, number, seed)
    labels = (label for _, label in predictor.labels(Subset(dataset, picked)))
    if not worst:
        for index, label in zip(picked, labels):
            yield prediction_row(dataset, index, label)
        return
    scored = []
    for index, label in zip(picked, labels):
        mean = image_iou(dataset, index, label)[0]
        scored.append((mean, index, label))
        # Only those that may be shown stay in memory; nan, an image without any class,
        # is not bad.
        scored.sort(key=lambda entry: (np.isnan(entry[0]), entry[0]))
        del scored[number:]
    for _, index, label in scored:
        yield prediction_row(dataset, index, label)


def _shares(label: NDArray[np.uint8], classes: Sequence[str]) -> str:
    """List the classes of a label map with their share of the pixels in %."""
    counts = np.bincount(label.ravel(), minlength=256)[: len(classes)]
    order = np.argsort(-counts[1:], kind='stable') + 1
    parts = [_share(classes[i], counts[i] / label.size) for i in order if counts[i]]
    return ', '.join(parts) or 'background alone'


def _share(name: str, share: float) -> str:
    percent = 100 * share
    if percent < 0.1:
        return f'{name} <0.1%'
    return f'{name} {percent:.0f}%' if percent >= 1 else f'{name} {percent:.1f}%'
