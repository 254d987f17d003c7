"""Mixed precision in bfloat16, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn

from .depthwise import FastDepthwise


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run the forward pass under ``torch.autocast`` in bfloat16.

    mmengine's ``AmpOptimWrapper`` refuses to work without a GPU and always scales the
    loss. bfloat16 has float32's range of exponents, so no loss scale is needed, and
    autocast knows it on the CPU too. There depthwise convolutions get gradients that
    avoid slow kernels, see :class:`~.depthwise.FastDepthwise`; a CPU without
    instructions for bfloat16, which would only emulate it, computes in float32, and
    the log says so.

    Args:
        emulate: Use bfloat16 on such a CPU too.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(self, *args: Any, emulate: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.emulate = emulate
        self._enabled: bool | None = None

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast on the model's device around the parent's context.

        Args:
            model: The model whose forward pass runs inside.
        """
        device = next(model.parameters()).device.type
        with super().optim_context(model):
            if not self._used(device):
                yield
                return
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                if device != 'cpu':
                    yield
                    return
                with FastDepthwise():
                    yield

    def _used(self, device: str) -> bool:
        """Return whether to compute in bfloat16; say so once where not."""
        if self._enabled is None:
            self._enabled = device != 'cpu' or self.emulate or cpu_has_bfloat16()
            if not self._enabled:
                print_log(
                    'this CPU has no instructions for bfloat16: float32 is faster',
                    logger='current',
                )
        return self._enabled


def cpu_has_bfloat16() -> bool:
    """Return whether the CPU multiplies in bfloat16 (AVX512-BF16, AMX, Arm's BF16)."""
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return True
    # elsewhere than on x86 oneDNN says yes only where the hardware has it
    x86 = torch.backends.cpu.get_cpu_capability().startswith(('AVX', 'DEFAULT'))
    return not x86 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
