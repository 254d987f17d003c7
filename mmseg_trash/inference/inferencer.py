"""A trained model in a few lines of Python."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.logging import print_log
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..datasets.images import decode_bgr, is_truncated
from ..errors import ConfigError, DataError
from ..shipped import default_model
from .inputs import find_inputs
from .prediction import Picture, Prediction
from .segmenter import open_segmenter

ImageLike: TypeAlias = str | os.PathLike[str] | NDArray[np.uint8] | Image.Image


class TrashInferencer:
    """Predict photographs::

        from mmseg_trash import TrashInferencer
        inferencer = TrashInferencer()   # or ('config.py', 'weights.pth'), 'model.onnx'
        found = inferencer('photograph.jpg')
        found.label, found.areas, found.overlay()

    Args:
        source: A config with its checkpoint, an exported file, or an ensemble's recipe;
            see :func:`open_segmenter`. None takes the model that ships with the
            package, see :func:`mmseg_trash.shipped.default_model`.
        checkpoint: The weights of a config.
        device: ``auto``, ``cpu``, ``cuda``, ...
        tta: Average over views, see :class:`Predictor`.
        trusted: Allow pickled objects in the checkpoint.
        cfg_options: Overrides of the config, ``{'a.b': value}``.

    Attributes:
        classes: Names of the classes; the index is the label.
        palette: RGB colour of each class.

    Raises:
        FileNotFoundError, ConfigError, CheckpointError: The model cannot be used.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str = 'auto',
        tta: bool | Sequence[str] = False,
        trusted: bool = False,
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        options = dict(cfg_options or {})
        if source is None:
            if checkpoint is not None:
                raise ConfigError(f'{checkpoint}: a checkpoint needs its config')
            shipped = default_model()
            print_log(shipped.notice, logger='current')
            source, checkpoint = shipped.config, shipped.weights
        self._segmenter = open_segmenter(
            source, checkpoint, device, tta, trusted, options
        )
        self.classes = tuple(self._segmenter.classes)
        self.palette = list(self._segmenter.palette)

    def __call__(self, image: ImageLike, probs: bool = False) -> Prediction:
        """Predict one photograph.

        Args:
            image: A file, an array (H x W x 3 or H x W, uint8, **RGB**), or a picture
                of PIL's. Files and pictures are turned as their EXIF says.
            probs: Keep the probabilities, C x H x W float32.

        Returns:
            The label map, with areas and overlay.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is no image, or a truncated one.
            ConfigError: Probabilities are wanted of an ensemble that votes.
        """
        name, picture = read_picture(image)
        label, found = self._segmenter.predict(picture)
        if probs and found is None:
            raise ConfigError('rule hard: a vote has no probabilities; use rule soft')
        return Prediction(
            picture, label, self.classes, self.palette, name, found if probs else None
        )

    def stream(
        self, images: str | os.PathLike[str] | Iterable[ImageLike], probs: bool = False
    ) -> Iterator[Prediction]:
        """Predict many photographs, one in memory at a time.

        Args:
            images: A folder (searched through), a pattern, or images one by one.
            probs: See ``__call__``.

        Yields:
            A prediction for each; of a folder in the order of the names.

        Raises:
            FileNotFoundError, DataError: See ``__call__``.
        """
        if isinstance(images, (str, os.PathLike)):
            images = find_inputs([os.fspath(images)])[1]
        for image in images:
            yield self(image, probs)


def read_picture(image: ImageLike) -> tuple[str, Picture]:
    """Bring an image to an array.

    Args:
        image: See :class:`TrashInferencer`.

    Returns:
        Its file's name (empty for one in memory), and (H, W, 3) uint8, RGB.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: It is no image.
    """
    if isinstance(image, Image.Image):
        turned = ImageOps.exif_transpose(image).convert('RGB')
        return '', np.asarray(turned, np.uint8)
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        if path.is_dir():
            raise DataError(f'{path}: is a folder; stream() takes folders')
        if not path.is_file():
            raise FileNotFoundError(f'{path}: no such image')
        content = path.read_bytes()
        found = None if is_truncated(content) else decode_bgr(content)
        if found is None:
            raise DataError(f'{path}: no readable image ({len(content)} bytes)')
        return str(path), np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
    array = np.asarray(image)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise DataError(
            f'an image of shape {array.shape} and {array.dtype}; expected H x W x 3 '
            'uint8, RGB'
        )
    if not array.size:
        raise DataError(f'an image of shape {array.shape} has no pixels')
    return '', array


def for_mmseg(cfg: Config) -> Config:
    """Return a config as mmseg's own ``MMSegInferencer`` and ``init_model`` take it.

    They look for mmcv's loader at the head of the test pipeline, where ours reads
    images and labels through a data set, and for the preprocessor in the model.

    Args:
        cfg: A config of ours; it is not changed.

    Returns:
        A copy, with ``test_pipeline`` and the test data set's pipeline replaced.

    Raises:
        ConfigError: It has no ``predict_dataset``.
    """
    if not cfg.get('predict_dataset'):
        raise ConfigError('the config has no predict_dataset')
    copy = deepcopy(cfg)
    if cfg.get('data_preprocessor'):  # which the Runner puts there
        copy.model.data_preprocessor = cfg.data_preprocessor
    steps = [
        dict(type='LoadImageFromFile') if step['type'] == 'LoadTrashImage' else step
        for step in cfg.predict_dataset.pipeline
        if step['type'] != 'LoadLabelMap'
    ]
    copy.test_pipeline = steps
    copy.test_dataloader.dataset.pipeline = steps
    return copy
