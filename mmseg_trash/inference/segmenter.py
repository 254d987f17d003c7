"""One interface for whatever turns a photograph into a label map."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from ..export.runtime import SUFFIXES, ExportedModel

Picture = NDArray[np.uint8]
Probs = NDArray[np.float32]


class Segmenter(Protocol):
    """Predicts one photograph at a time; one thread at a time may ask."""

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes; the index is the label."""
        ...

    @property
    def palette(self) -> Sequence[tuple[int, int, int]]:
        """RGB colour of each class."""
        ...

    def predict(self, image: Picture) -> tuple[NDArray[np.uint8], Probs | None]:
        """Predict.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            The label map, (H, W) uint8, and the probabilities, (C, H, W); None where
            there are none, as in a vote.
        """
        ...


class TorchSegmenter:
    """A config with its checkpoint.

    Args:
        config: The config's file.
        checkpoint: The weights.
        device: A torch device, or ``auto``.
        tta: Average over views, see :class:`Predictor`.
        trusted: Allow pickled objects in the checkpoint.
        cfg_options: Overrides of the config.
        options: Further arguments of :class:`Predictor`.
    """

    def __init__(
        self,
        config: str | os.PathLike[str],
        checkpoint: str | os.PathLike[str],
        device: str = 'auto',
        tta: Any = False,
        trusted: bool = False,
        cfg_options: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        from ..config import load_config
        from ..export.source import dataset_meta
        from .predictor import Predictor

        cfg = load_config(config, cfg_options, from_scratch=True)
        self._predictor = Predictor(
            cfg,
            checkpoint,
            device=device,
            tta=tta,
            num_workers=0,
            trusted=trusted,
            **options,
        )
        found = getattr(self._predictor.model, 'dataset_meta', None)
        meta = dataset_meta(cfg, found)
        self.classes = tuple(meta['classes'])
        self.palette = [(int(r), int(g), int(b)) for r, g, b in meta['palette']]

    def predict(self, image: Picture) -> tuple[NDArray[np.uint8], Probs | None]:
        """Predict, see :class:`Segmenter`."""
        frame = np.ascontiguousarray(image[..., ::-1])
        ((_, probs),) = self._predictor.probs_of_arrays([('', frame)])
        return probs.argmax(0).astype(np.uint8), probs


class ExportedSegmenter:
    """An exported file, ``.onnx`` or ``.pt2``; see :class:`ExportedModel`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        device: str = 'auto',
        threads: int | None = None,
    ) -> None:
        self._model = ExportedModel(path, device, threads)
        self.classes = self._model.classes
        self.palette = self._model.palette

    def predict(self, image: Picture) -> tuple[NDArray[np.uint8], Probs | None]:
        """Predict, see :class:`Segmenter`."""
        probs = self._model.probs(image)
        return probs.argmax(0).astype(np.uint8), probs


def open_segmenter(
    source: str | os.PathLike[str],
    checkpoint: str | os.PathLike[str] | None = None,
    device: str = 'auto',
    tta: bool | Sequence[str] = False,
    trusted: bool = False,
    cfg_options: dict[str, Any] | None = None,
    threads: int | None = None,
) -> Segmenter:
    """Open a model however it comes.

    Args:
        source: A config (``.py``) with its checkpoint, an exported file (``.onnx``,
            ``.pt2``), or a recipe of an ensemble (``.yml``, ``.yaml``).
        checkpoint: The weights of a config.
        device: ``auto``, ``cpu``, ``cuda``, ...
        tta: Average over views, see :class:`Predictor`.
        trusted: Allow pickled objects in checkpoints.
        cfg_options: Overrides of the config.
        threads: Of an exported file's computation; None leaves it to the runtime.

    Raises:
        FileNotFoundError: A file is not there.
        ConfigError, CheckpointError: It cannot be used; the message says why.
    """
    suffix = Path(source).suffix
    if suffix != '.py':
        given = dict(checkpoint=checkpoint, tta=tta, cfg_options=cfg_options)
        for key, value in given.items():
            if value:
                raise ConfigError(f'{source}: {key} goes with a config alone')
    elif checkpoint is None:
        raise ConfigError(f'{source}: a config needs a checkpoint')
    if suffix in SUFFIXES:
        return ExportedSegmenter(source, device, threads)
    if suffix in ('.yml', '.yaml'):
        from .ensemble_segmenter import EnsembleSegmenter

        return EnsembleSegmenter(source, device, trusted)
    if suffix != '.py' or checkpoint is None:
        raise ConfigError(
            f'{source}: expected a config (.py), an exported file ({SUFFIXES}) or a '
            'recipe (.yml)'
        )
    return TorchSegmenter(source, checkpoint, device, tta, trusted, cfg_options)
