"""Depthwise convolutions in bfloat16 on a CPU, without their slow gradients."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

Pair = tuple[int, int]


def _pair(value: int | Sequence[int]) -> Pair:
    first, *rest = (value, value) if isinstance(value, int) else value
    return int(first), int(rest[0] if rest else first)


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose gradients avoid oneDNN's reference kernels.

    In bfloat16 oneDNN 3 has fast kernels for the forward pass of any depthwise
    convolution, but for the gradient of the input only at stride 1, and for that of the
    weights only up to 3x3; the others take 20 to 70 times as long. At stride 1 the
    gradient of the input is itself a forward pass with the kernel turned; the rest is
    computed in float32, which has kernels for it.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry = (stride, padding, dilation)
        return F.conv2d(x, weight, None, stride, padding, dilation, x.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grads[0].contiguous(memory_format=torch.channels_last)
        stride, padding, dilation = ctx.geometry
        kernel = _pair(weight.shape[2:])
        reach = [d * (k - 1) for d, k in zip(dilation, kernel)]
        turned = stride == (1, 1) and all(p <= r for p, r in zip(padding, reach))
        small = max(kernel) <= 3
        dx = dw = None
        if ctx.needs_input_grad[0]:
            if turned:
                back = _pair([r - p for r, p in zip(reach, padding)])
                dx = F.conv2d(
                    grad, weight.flip(2, 3), None, 1, back, dilation, x.shape[1]
                )
            else:
                dx = _gradient(grad, x, weight, ctx.geometry, 0, torch.float32)
        if ctx.needs_input_grad[1]:
            dtype = x.dtype if small else torch.float32
            dw = _gradient(grad, x, weight, ctx.geometry, 1, dtype)
        return dx, dw, None, None, None


def _gradient(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    geometry: tuple[Pair, Pair, Pair],
    which: int,
    dtype: torch.dtype,
) -> Tensor:
    """Return the gradient of the input (0) or the weights (1), computed in a type."""
    stride, padding, dilation = map(list, geometry)
    mask = [which == 0, which == 1, False]
    found = torch.ops.aten.convolution_backward(
        grad.to(dtype), x.to(dtype), weight.to(dtype), None,
        stride, padding, dilation, False, [0, 0], x.shape[1], mask,
    )  # fmt: skip
    result: Tensor = found[which].to(x.dtype)
    return result


class FastDepthwise(TorchFunctionMode):
    """Give depthwise convolutions under bfloat16 autocast on the CPU fast gradients.

    Inside this mode ``conv2d`` with one input channel per group computes what it always
    does; only the kernels that its gradient runs on differ. Everything else passes.
    """

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.conv2d and not kwargs and len(args) == 7:
            x, weight, bias, stride, padding, dilation, groups = args
            if (
                groups > 1
                and x.shape[1] == groups == weight.shape[0]
                and x.device.type == 'cpu'
                and not isinstance(padding, str)
                and torch.is_autocast_enabled('cpu')
                and torch.is_grad_enabled()
            ):
                dtype = torch.get_autocast_dtype('cpu')
                y: Tensor = _Depthwise.apply(
                    x.to(dtype), weight.to(dtype),
                    _pair(stride), _pair(padding), _pair(dilation),
                )  # fmt: skip
                return y if bias is None else y + bias.to(dtype)[:, None, None]
        return func(*args, **kwargs)
