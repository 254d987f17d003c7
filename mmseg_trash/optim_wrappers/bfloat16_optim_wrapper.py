"""Mixed precision in bfloat16, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run the forward pass under ``torch.autocast`` in bfloat16.

    mmengine's ``AmpOptimWrapper`` refuses to work without a GPU and always scales the
    loss. bfloat16 has float32's range of exponents, so no loss scale is needed, and
    autocast knows it on the CPU too, where ``--amp`` can thus be tried out.

    Args:
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast on the model's device around the parent's context.

        Args:
            model: The model whose forward pass runs inside.
        """
        device = next(model.parameters()).device.type
        with (
            super().optim_context(model),
            torch.autocast(device_type=device, dtype=torch.bfloat16),
        ):
            yield
