"""The network from RGB bytes to class probabilities."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ConfigError


def gives_probs(model: Any) -> bool:
    """Return whether a segmentor's head hands out probabilities, not logits.

    Heads that classify masks do, and say so themselves.
    """
    head = getattr(model, 'decode_head', None)
    head = head[-1] if isinstance(head, nn.ModuleList) else head  # of a cascade
    return bool(getattr(head, 'output', 'logits') == 'probs')


class ProbabilityGraph(nn.Module):
    """A segmentor with its normalisation and softmax inside.

    Differs from the segmentor's own prediction in what a graph cannot do: it looks at
    the images whole, where a model slides windows that is one window, and leaves
    resizing to the caller.

    Args:
        model: A segmentor with its ``data_preprocessor``, in evaluation mode.

    Raises:
        ConfigError: The model has a single output channel, or pads its images.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: Any) -> None:
        super().__init__()
        before = model.data_preprocessor
        if model.out_channels == 1:
            raise ConfigError('model.decode_head: one output channel (sigmoid)')
        if getattr(before, 'test_cfg', None):
            raise ConfigError(
                f'data_preprocessor.test_cfg={before.test_cfg}: images that are padded '
                'for the test cannot be exported'
            )
        self.gives_probs = gives_probs(model)
        self.model = model
        for module in model.modules():
            if hasattr(
                module, 'freeze_for_export'
            ):  # decisions that hang on a buffer's values
                module.freeze_for_export()
        normalises = bool(before._enable_normalize)
        ones = torch.ones(3, 1, 1)
        self.register_buffer(
            'mean', before.mean.clone() if normalises else torch.zeros_like(ones)
        )
        self.register_buffer('std', before.std.clone() if normalises else ones)
        # Images are loaded as BGR; a model that does not turn them wants that.
        self.takes_bgr = not before._channel_conversion

    def forward(self, image: Tensor) -> Tensor:
        """Predict.

        Args:
            image: (N, 3, H, W) uint8, RGB.

        Returns:
            (N, C, H, W) float32, from 0 to 1, 1 in sum over the classes.
        """
        if self.takes_bgr:
            image = image.flip(1)
        inputs = (image.float() - self.mean) / self.std
        size = inputs.shape[2:]
        meta = dict(ori_shape=size, img_shape=size, pad_shape=size)
        output = self.model.encode_decode(inputs, [meta])  # heads read the first
        if tuple(output.shape[2:]) != tuple(size):
            align = self.model.align_corners
            output = F.interpolate(
                output, tuple(size), mode='bilinear', align_corners=align
            )
        output = output.float()
        return output if self.gives_probs else output.softmax(1)
