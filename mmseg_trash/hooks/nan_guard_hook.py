"""Stop a run whose loss is no number any more."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from ..errors import TrainingError


@HOOKS.register_module()
class NanGuardHook(Hook):
    """Raise at the first loss that is NaN or infinite, with the names of its images.

    mmengine's ``CheckInvalidLossHook`` looks every 50 iterations, at the total alone,
    and names nothing. This one runs before ``CheckpointHook``, so that no checkpoint
    has weights of such a step. With several processes and ``MeanLossHook`` all of them
    stop, each naming its own images. The Runner reads every loss in each iteration
    anyway; the check costs no further wait for the device.
    """

    priority = 'HIGHEST'

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Look at what a training step gave.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: The batch, with ``data_samples``.
            outputs: Scalar tensors by name.

        Raises:
            TrainingError: One of the losses is not finite; names the iteration, the
                files of the batch and all values.
        """
        values = {
            name: float(value.detach() if isinstance(value, torch.Tensor) else value)
            for name, value in (outputs or {}).items()
            if 'loss' in name and _is_scalar(value)
        }
        if all(map(_is_finite, values.values())):
            return
        listed = ', '.join(f'{name} {value:.4g}' for name, value in values.items())
        raise TrainingError(
            f'iteration {runner.iter + 1}: the loss is not finite ({listed}); the '
            f'batch is {", ".join(_files(data_batch)) or "unknown"}'
        )


def _is_scalar(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, float)


def _is_finite(value: float) -> bool:
    return abs(value) < float('inf')


def _files(batch: Any) -> list[str]:
    """Return the names of a batch's images."""
    samples = batch.get('data_samples', ()) if isinstance(batch, Mapping) else ()
    return [
        str(sample.get('file_name') or sample.get('img_path') or 'an unnamed image')
        for sample in samples
    ]
