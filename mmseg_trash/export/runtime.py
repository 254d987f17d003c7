"""Predict with an exported file; ONNX needs neither PyTorch nor a config."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError
from .card import KEY, Card
from .resampling import enlarge, target_size, window_places

SUFFIXES = ('.onnx', '.pt2')
_TINY = np.finfo(np.float32).tiny
_BATCH = 4

Probs = NDArray[np.float32]
Run = Callable[[NDArray[np.uint8]], Probs]


class ExportedModel:
    """A file of ``tools/export.py``, ready to predict photographs of any size.

    Repeats what the model's own prediction does around the network: the photograph is
    brought to the config's test scale, seen whole or by windows, and the prediction is
    brought back. Where the graph has one size, larger photographs are seen by windows
    of it, which overlap by a third; smaller ones are padded with the mean colour.

    Args:
        path: ``.onnx`` or ``.pt2``. A ``.pt2`` is a program: open only your own.
        device: ``cpu``, ``cuda``, or ``auto`` for the GPU if the runtime has one.
        threads: Of the computation; None leaves it to the runtime.

    Attributes:
        card: What the file says of itself.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: ``onnxruntime`` is not installed.
        CheckpointError: The file is damaged or something else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        device: str = 'auto',
        threads: int | None = None,
    ) -> None:
        file = Path(path)
        if not file.is_file():
            raise FileNotFoundError(f'{file}: no such file')
        if file.suffix not in SUFFIXES:
            raise CheckpointError(f'{file}: expected one of {SUFFIXES}')
        opened = _open_onnx if file.suffix == '.onnx' else _open_program
        self.run: Run
        self.run, words = opened(file, device, threads)
        self.card = Card.loads(words, file)
        self.classes = tuple(self.card.classes)
        self.palette = [(int(r), int(g), int(b)) for r, g, b in self.card.palette]

    def probs(self, image: NDArray[np.uint8]) -> Probs:
        """Predict one photograph.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            (C, H, W) float32, 1 in sum over the classes.
        """
        card = self.card
        size = image.shape[:2]
        scaled = target_size(size, card.scale, card.keep_ratio)
        stretched = tuple(-(-side // card.divisor) * card.divisor for side in scaled)
        for height, width in (scaled, stretched):  # each rounds, as in the pipeline
            if (height, width) != image.shape[:2]:
                image = np.asarray(cv2.resize(image, (width, height)), np.uint8)
        found = self._whole(image) if card.dynamic == 'size' else self._windows(image)
        found = enlarge(found, size, card.align_corners)
        return self._as_probs(found)

    def _whole(self, image: NDArray[np.uint8]) -> Probs:
        height, width = image.shape[:2]
        step = self.card.multiple
        padded = self._padded(
            image, -(-height // step) * step, -(-width // step) * step
        )
        return self._as_terms(self.run(padded.transpose(2, 0, 1)[None]))[
            0, :, :height, :width
        ]

    def _windows(self, image: NDArray[np.uint8]) -> Probs:
        """Average over windows, as mmseg's sliding inference does."""
        card = self.card
        height, width = image.shape[:2]
        image = self._padded(image, max(height, card.height), max(width, card.width))
        places = [
            (top, left)
            for top in window_places(image.shape[0], card.height, card.stride[0])
            for left in window_places(image.shape[1], card.width, card.stride[1])
        ]
        total = np.zeros((len(self.classes), *image.shape[:2]), np.float32)
        count = np.zeros(image.shape[:2], np.float32)
        size = 1 if card.dynamic == 'none' else _BATCH
        for start in range(0, len(places), size):
            some = places[start : start + size]
            crops = [image[y : y + card.height, x : x + card.width] for y, x in some]
            terms = self._as_terms(self.run(np.stack(crops).transpose(0, 3, 1, 2)))
            for (top, left), term in zip(some, terms):
                rows = slice(top, top + card.height)
                columns = slice(left, left + card.width)
                total[:, rows, columns] += term
                count[rows, columns] += 1
        total /= count
        return total[:, :height, :width]

    def _padded(
        self, image: NDArray[np.uint8], height: int, width: int
    ) -> NDArray[np.uint8]:
        below, right = height - image.shape[0], width - image.shape[1]
        if not below and not right:
            return image
        colour = [round(value) for value in self.card.mean]
        padded = cv2.copyMakeBorder(
            image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=colour
        )
        return np.asarray(padded, np.uint8)

    def _as_terms(self, probs: Probs) -> Probs:
        """Return what may be averaged: logits up to a constant, or probabilities."""
        return probs if self.card.linear else np.log(np.maximum(probs, _TINY))

    def _as_probs(self, terms: Probs) -> Probs:
        """Undo `_as_terms`, with the sum 1."""
        if not self.card.linear:
            terms = np.exp(terms - terms.max(0, keepdims=True))
        total = np.maximum(terms.sum(0, keepdims=True), _TINY)
        return np.asarray(terms / total, np.float32)


def _open_onnx(file: Path, device: str, threads: int | None) -> tuple[Run, str | None]:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "ONNX needs onnxruntime: pip install 'mmseg_trash[export]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if threads:
        options.intra_op_num_threads = threads
    providers = ['CPUExecutionProvider']
    there = 'CUDAExecutionProvider' in onnxruntime.get_available_providers()
    if device.startswith('cuda') or (device == 'auto' and there):
        providers = ['CUDAExecutionProvider', *providers]
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:
        raise CheckpointError(f'{file}: is no readable ONNX file: {error}') from error

    def run(images: NDArray[np.uint8]) -> Probs:
        found: Any = session.run(None, {'image': np.ascontiguousarray(images)})
        return np.asarray(found[0], np.float32)

    return run, session.get_modelmeta().custom_metadata_map.get(KEY)


def _open_program(
    file: Path, device: str, threads: int | None
) -> tuple[Run, str | None]:
    import torch

    if device.startswith('cuda'):
        raise CheckpointError(
            f'{file}: a program runs on the device it was made on, cpu'
        )
    if threads:
        torch.set_num_threads(threads)
    words = {KEY: ''}
    try:
        program = torch.export.load(file, extra_files=words)
    except Exception as error:
        raise CheckpointError(f'{file}: is no readable program: {error}') from error
    module = program.module()

    def run(images: NDArray[np.uint8]) -> Probs:
        with torch.inference_mode():
            found = module(torch.from_numpy(np.ascontiguousarray(images)))
        return np.asarray(found.numpy(), np.float32)

    return run, words[KEY] or None
