"""Log a chosen set to Weights & Biases."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from mmseg.registry import VISBACKENDS

from .base import ChosenVisBackend

STEP = 'iteration'


@VISBACKENDS.register_module()
class ChosenWandbVisBackend(ChosenVisBackend):
    """Log losses, learning rates, IoUs and the panel of images to Weights & Biases.

    The resolved config is the run's config, with commit and data hash under
    ``provenance``. Curves stand over the training's iteration, which mmengine's backend
    drops. ``WANDB_PROJECT``, ``WANDB_MODE``, ``WANDB_RUN_ID`` and the like say where;
    ``wandb login`` keeps the account.

    Args:
        save_dir: The Runner's folder for such data, used unless ``WANDB_DIR`` is set.
        **kwargs: See `ChosenVisBackend`.

    Raises:
        ImportError: wandb is not installed.
    """

    def _init_env(self) -> None:
        """Start a run."""
        try:
            import wandb
        except ImportError:
            raise ImportError(
                'ChosenWandbVisBackend needs wandb: pip install "mmseg_trash[trackers]"'
            ) from None
        self._library = wandb
        given = dict(
            WANDB_DIR=('dir', self._save_dir), WANDB_NAME=('name', self.run_name)
        )
        Path(self._save_dir).mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            **{k: v for name, (k, v) in given.items() if name not in os.environ}
        )
        self._run.define_metric(STEP, hidden=True)
        self._run.define_metric('*', step_metric=STEP)

    def _log_config(self) -> None:
        """Log config, commit and data hash."""
        assert self._config is not None
        content: dict[str, Any] = self._config.to_dict()
        self._run.config.update(content, allow_val_change=True)

    def _log_scalars(self, scalars: dict[str, float], step: int) -> None:
        """Log chosen numbers."""
        self._run.log({**scalars, STEP: step})

    def _log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log a chosen image."""
        self._run.log({name: self._library.Image(image), STEP: step})

    def _end(self, failed: bool) -> None:
        """End the run."""
        self._run.finish(exit_code=int(failed))
