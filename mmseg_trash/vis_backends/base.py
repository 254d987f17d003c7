"""A tracker that is shown a chosen set, and whose failures do not end a run."""

import logging
import re
import sys
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.visualization import BaseVisBackend
from mmengine.visualization.vis_backend import force_init_env

SCALARS = ('*loss*', '*lr', '*IoU*')
"""Losses, learning rates, mIoUs and IoU of trash at both sizes, IoU of each class."""
HIDDEN = ('*.d[0-9]*.*',)
"""Losses of the layers before the last: a curve per layer, all alike."""
IMAGES = ('panel_*',)
"""The pictures of ``PredictionPanelHook``."""


class ChosenVisBackend(BaseVisBackend):
    """Base of trackers that log a chosen set of scalars and images.

    mmengine's own MLflow and W&B backends log every key, every config value on its own
    and all log files or source files. All that concerns where and how to log, accounts
    too, is left to the library's environment variables.

    Args:
        save_dir: The Runner's folder for such data.
        scalars: Patterns (``fnmatch``) of the scalars to log.
        images: Patterns of the images to log.
    """

    def __init__(
        self,
        save_dir: str,
        scalars: Sequence[str] = SCALARS,
        images: Sequence[str] = IMAGES,
    ) -> None:
        super().__init__(save_dir)
        self._env_initialized = False
        for name, value in dict(scalars=scalars, images=images).items():
            if isinstance(value, str):
                raise ValueError(f'{name} must be a list of patterns, got {value!r}')
        self.scalars = tuple(scalars)
        self.images = tuple(images)
        self._config: Config | None = None
        self._complained = False

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The library's module."""
        return self._library

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Begin a run with its config.

        Args:
            config: The resolved config; its ``provenance`` has commit and data hash.
            **kwargs: Not used.
        """
        self._config = config
        self._try(self._log_config)

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        """Log a scalar if it is chosen; see `add_scalars`."""
        self.add_scalars({name: value}, step)

    def add_scalars(
        self,
        scalar_dict: Mapping[str, Any],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Log the chosen ones of some scalars.

        Args:
            scalar_dict: Numbers by name; what is no number is left out.
            step: The training's iteration.
            file_path: Not used.
            **kwargs: Not used.
        """
        chosen = {
            name: _number(value)
            for name, value in scalar_dict.items()
            if self.is_chosen(name) and _is_number(value)
        }
        if chosen:
            self._try(lambda: self._log_scalars(chosen, int(step)))

    def add_image(
        self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any
    ) -> None:
        """Log an image if it is chosen.

        Args:
            name: Its name.
            image: H x W x 3, uint8, RGB.
            step: The training's iteration.
            **kwargs: Not used.
        """
        if _any(name, self.images):
            self._try(lambda: self._log_image(name, image, int(step)))

    def close(self) -> None:
        """End the run, as failed when called while an exception is handled."""
        if self._env_initialized:
            failed = sys.exc_info()[0] is not None
            self._try(lambda: self._end(failed))
            self._env_initialized = False

    def is_chosen(self, name: str) -> bool:
        """Tell whether a scalar is to be logged."""
        return _any(name, self.scalars) and not _any(name, HIDDEN)

    @property
    def run_name(self) -> str:
        """The work_dir's name."""
        work_dir = self._config.get('work_dir') if self._config else None
        return Path(work_dir or self._save_dir).name

    @property
    def provenance(self) -> dict[str, Any]:
        """Commit and data hash, as far as they are known."""
        found = (self._config or {}).get('provenance') or {}
        return {key: value for key, value in found.items() if value is not None}

    @force_init_env
    def _try(self, log: Callable[[], None]) -> None:
        """Log; the first failure costs a warning, none ends the training.

        A run that cannot even begin does raise, before the training.
        """
        try:
            log()
        except Exception as error:
            if not self._complained:
                self._complained = True
                # an address may hold an account
                text = re.sub(r'//[^/@\s]*@', '//', str(error))
                print_log(
                    f'{type(self).__name__}: {type(error).__name__}: {text}; the run '
                    'goes on, and later failures are not told',
                    logger='current',
                    level=logging.WARNING,
                )

    @abstractmethod
    def _log_config(self) -> None:
        """Log config, commit and data hash."""

    @abstractmethod
    def _log_scalars(self, scalars: dict[str, float], step: int) -> None:
        """Log chosen numbers."""

    @abstractmethod
    def _log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log a chosen image."""

    @abstractmethod
    def _end(self, failed: bool) -> None:
        """End the run."""


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_number(value: Any) -> bool:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.size == 1 if isinstance(value, np.ndarray) else value.numel() == 1
    return isinstance(value, Number) and not isinstance(value, complex)


def _number(value: Any) -> float:
    return float(value.item() if hasattr(value, 'item') else value)
