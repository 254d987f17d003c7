"""Log a chosen set to MLflow."""

from logging import FileHandler
from typing import Any

import numpy as np
from mmengine.logging import MMLogger
from mmseg.registry import VISBACKENDS

from .base import ChosenVisBackend

PARAMS = (
    'optim_wrapper.optimizer.type',
    'optim_wrapper.optimizer.lr',
    'train_cfg.max_iters',
    'train_dataloader.batch_size',
    'crop_size',
    'fold',
    'randomness.seed',
    'load_from',
)
"""Values of the config that stand in MLflow's table of runs."""


@VISBACKENDS.register_module()
class ChosenMlflowVisBackend(ChosenVisBackend):
    """Log losses, learning rates, IoUs and the panel of images to MLflow.

    The resolved config is the artifact ``config.py``, a few of its values are
    parameters, commit and data hash are tags. ``MLFLOW_TRACKING_URI``,
    ``MLFLOW_EXPERIMENT_NAME``, ``MLFLOW_RUN_ID`` and the like say where; mmengine's
    backend overrules them.

    Args:
        save_dir: The Runner's folder for such data; MLflow does not use it.
        **kwargs: See `ChosenVisBackend`.

    Raises:
        ImportError: MLflow is not installed.
    """

    def _init_env(self) -> None:
        """Start a run, or go on with that of ``MLFLOW_RUN_ID``."""
        try:
            import mlflow
        except ImportError:
            raise ImportError(
                'ChosenMlflowVisBackend needs mlflow-skinny: '
                'pip install "mmseg_trash[trackers]"'
            ) from None
        # The import closes all log files, and their handlers would lose what comes.
        for handler in MMLogger.get_current_instance().handlers:
            if isinstance(handler, FileHandler) and not handler.stream:
                handler.mode = 'a'
                handler.stream = handler._open()
        self._library = mlflow
        mlflow.start_run(run_name=self.run_name)

    def _log_config(self) -> None:
        """Log config, commit and data hash."""
        assert self._config is not None
        self._library.log_text(self._config.pretty_text, 'config.py')
        self._library.set_tags(self.provenance)
        values = {name: _value(self._config, name) for name in PARAMS}
        self._library.log_params({k: v for k, v in values.items() if v is not None})

    def _log_scalars(self, scalars: dict[str, float], step: int) -> None:
        """Log chosen numbers."""
        self._library.log_metrics(scalars, step)

    def _log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log a chosen image."""
        self._library.log_image(image, key=name, step=step, synchronous=True)

    def _end(self, failed: bool) -> None:
        """End the run."""
        self._library.end_run('FAILED' if failed else 'FINISHED')


def _value(node: Any, name: str) -> Any:
    """Return what stands at a dotted key, None if nothing does."""
    for part in name.split('.'):
        node = node.get(part) if hasattr(node, 'get') else None
    return node
