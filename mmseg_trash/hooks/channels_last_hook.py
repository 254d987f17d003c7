"""Convolutions over pixels that hold their channels side by side."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep the model's 4-D weights in PyTorch's ``channels_last`` memory format.

    Convolutions then compute in that order whatever the order of their input, which is
    faster on CPUs and for mixed precision on GPUs. Names, shapes and values stay as
    they are. Results differ by rounding: on a CPU, PyTorch's batch norms sum pixels one
    after the other in this order, for variances that are off by 1e-5 to 2e-4 instead of
    1e-7, still far less than bfloat16's 4e-3; dropout of single values draws in it.

    ``channels_last`` in a config of ``tools/train.py`` adds or leaves out this hook,
    and where it says nothing, a table of measurements does:
    :func:`mmseg_trash.cpu_training.wants_channels_last`.
    """

    # Before compilation and whatever copies the model.
    priority = 'HIGHEST'

    def before_train(self, runner: Any) -> None:
        """Convert the model in place; optimisers keep their parameters.

        Not earlier: random weights are drawn in the order in memory, and a seed is to
        give the same ones in either.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        model.to(memory_format=torch.channels_last)
