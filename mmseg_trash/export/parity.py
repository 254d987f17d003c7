"""How far an exported file is from the model it came from."""

from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmseg.structures import SegDataSample
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Run = Callable[[Images], NDArray[np.float32]]


def probe_images(shape: tuple[int, int, int], seed: int = 0) -> Images:
    """Draw images with coarse and fine structure.

    Args:
        shape: (N, H, W).
        seed: Of the numbers.

    Returns:
        (N, 3, H, W) uint8, RGB.
    """
    number, height, width = shape
    rng = np.random.default_rng(seed)
    images = np.empty((number, 3, height, width), np.uint8)
    for image in images:
        blobs = rng.integers(0, 256, (4, 4, 3), np.uint8)
        blobs = cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC)
        noise = rng.integers(-40, 41, (height, width, 3))
        mixed = np.clip(blobs.astype(np.int16) + noise, 0, 255)
        image[:] = mixed.astype(np.uint8).transpose(2, 0, 1)
    return images


def model_probs(model: Any, images: Images, gives_probs: bool) -> NDArray[np.float32]:
    """Predict by the model's own ``test_step``, preprocessing included.

    Args:
        model: A segmentor.
        images: (N, 3, H, W), RGB.
        gives_probs: Whether its head predicts probabilities, not logits.

    Returns:
        (N, C, H, W).
    """
    size = images.shape[2:]
    items = [
        dict(
            inputs=torch.from_numpy(image[::-1].copy()),  # loaders give BGR
            data_samples=SegDataSample(
                metainfo=dict(ori_shape=size, img_shape=size, pad_shape=size)
            ),
        )
        for image in images
    ]
    with torch.inference_mode():
        found = model.test_step(pseudo_collate(items))
    logits = torch.stack([sample.seg_logits.data for sample in found]).float()
    probs = logits if gives_probs else logits.softmax(1)
    result: NDArray[np.float32] = probs.cpu().numpy()
    return result


def largest_difference(
    run: Run, model: Any, gives_probs: bool, shapes: Iterable[tuple[int, int, int]]
) -> float:
    """Compare an exported program with its model on drawn images.

    Args:
        run: (N, 3, H, W) uint8 to (N, C, H, W) float32.
        model: The segmentor.
        gives_probs: See :func:`model_probs`.
        shapes: (N, H, W) to try.

    Returns:
        The largest difference of two probabilities; 1 where the shapes differ.
    """
    worst = 0.0
    for seed, shape in enumerate(shapes):
        images = probe_images(shape, seed)
        expected = model_probs(model, images, gives_probs)
        found = run(images)
        if found.shape != expected.shape or not np.isfinite(found).all():
            return 1.0
        worst = max(worst, float(np.abs(found - expected).max()))
    return worst
