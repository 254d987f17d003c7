"""Log the loss of all processes, not of the first one."""

from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmseg.registry import HOOKS


@HOOKS.register_module()
class MeanLossHook(Hook):
    """Average what a training step gives over the processes before it is logged.

    mmengine logs the losses of the main process alone, which is another curve, and a
    noisier one, for every number of processes. Runs before all other hooks, for one
    all-reduce of a few numbers per iteration; a single process does nothing.
    """

    priority = 'HIGHEST'

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Replace the scalars of ``outputs`` by their means, in place.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: The batch.
            outputs: What ``train_step`` gave: scalar tensors by name.
        """
        if not outputs or get_world_size() == 1:
            return
        names = sorted(
            name
            for name, value in outputs.items()
            if isinstance(value, torch.Tensor) and value.numel() == 1
        )
        if not names:
            return
        values = torch.stack([outputs[name].detach().float().mean() for name in names])
        all_reduce(values, op='mean')
        outputs.update(zip(names, values))
