"""Encoders of segmentation_models_pytorch."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptMultiConfig
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...convert import efficientnet, mobilenetv2
from ...convert.common import State, first, stripped
from ...convert.download import read_address
from ...errors import CheckpointError

# The convolution that only a classifier reads, and its norm.
_UNUSED = (('_conv_head', '_bn1'), ('conv_head', 'bn2'))
_STRIDE = 32
_OUTPUTS = 6


@MODELS.register_module()
class SMPEncoder(BaseModule):
    """An encoder of segmentation_models_pytorch (MIT) as a backbone.

    ``efficientnet-b0`` to ``b7`` and ``timm-efficientnet-b0`` to ``b8`` (Tan & Le 2019,
    arXiv:1905.11946), any model of timm that gives maps (``tu-…``), and the others that
    smp knows, at smp's depth of five. Parameters are named as there, below
    ``encoder.``. Images of any size: they are padded with zeros, the mean colour, at
    the right and at the bottom to a multiple of 32. ``SMPHead`` takes the image and the
    maps of the padded one, and cuts its logits back; for other heads the maps are cut.

    An EfficientNet keeps the convolution that only a classifier reads, as in smp, but
    frozen: a parameter without a gradient would stop distributed training.

    Args:
        name: Name of the encoder, as ``create_model`` takes it.
        output_stride: Stride of the last map: 32, or 16 or 8 by dilation, which
            DeepLabV3+ and PAN take.
        min_size: Images are padded to at least this height and width.
        out_indices: Which of the image (0) and the maps at strides 2 to 32 (1 to 5) to
            return; all, as ``SMPHead`` takes them, by default. Necks and other heads
            take ``(2, 3, 4, 5)``: without the image, the maps are cut to its size.
        options: Further arguments of a ``tu-`` encoder.
        norm_momentum: Share of a batch in the running statistics of batch norms, in
            (0, 1]. EfficientNets take .01, which a thousand iterations from scratch
            are too few for. None: the encoder's own.
        init_cfg: mmengine's. ``Pretrained`` takes a path or an address: files of
            lukemelas, timm, mmpretrain and smp for EfficientNets, of torchvision and
            timm for MobileNetV2, and else files in the encoder's own layout or timm's;
            .safetensors too.

    Raises:
        ImportError: segmentation_models_pytorch is not installed.
        ValueError: There is no such encoder, or ``norm_momentum`` or ``out_indices`` is
            out of range.
        CheckpointError: From :meth:`init_weights`: the file is of another network.
    """

    def __init__(
        self,
        name: str,
        output_stride: int = _STRIDE,
        min_size: int = _STRIDE,
        out_indices: Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
        norm_momentum: float | None = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if norm_momentum is not None and not 0 < norm_momentum <= 1:
            raise ValueError(f'norm_momentum is {norm_momentum}, not in (0, 1]')
        places = range(_OUTPUTS)
        wanted = tuple(places if out_indices is None else out_indices)
        if not wanted or not set(wanted) <= set(places):
            raise ValueError(f'out_indices must be some of 0 to 5, got {out_indices}')
        try:
            from segmentation_models_pytorch.encoders import get_encoder
        except ImportError as error:
            raise ImportError(
                'SMPEncoder needs segmentation_models_pytorch: '
                'pip install "mmseg_trash[optional]"'
            ) from error
        try:
            encoder: nn.Module = get_encoder(
                name, weights=None, output_stride=output_stride, **(options or {})
            )
        except (KeyError, RuntimeError) as error:
            raise ValueError(f'{name}: smp has no such encoder: {error}') from error
        for names in _UNUSED:
            if hasattr(encoder, names[0]):
                for unused in names:
                    getattr(encoder, unused).requires_grad_(False)
        if norm_momentum is not None:
            for module in encoder.modules():
                if isinstance(module, _BatchNorm):
                    module.momentum = norm_momentum
        self.name = name
        self.encoder = encoder
        self.min_size = min_size
        self.output_stride = output_stride
        self.out_indices = wanted

    @property
    def out_channels(self) -> list[int]:
        """Channels of the image and of the maps at strides 2 to 32."""
        channels: Any = self.encoder.out_channels
        return [int(c) for c in channels]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps.

        Args:
            x: Images, (B, 3, H, W), of any size.

        Returns:
            Of ``out_indices``: the image as it came, and the maps at strides 2, 4, 8,
            16 and 32 (or ``output_stride``), of the padded image if the image is among
            them; 0 channels at stride 2 where a model has no such map.
        """
        height, width = (
            -(-max(side, self.min_size) // _STRIDE) * _STRIDE for side in x.shape[-2:]
        )
        padded = F.pad(x, (0, width - x.shape[-1], 0, height - x.shape[-2]))
        maps = (x, *self.encoder(padded)[1:])
        if 0 in self.out_indices:
            return tuple(maps[i] for i in self.out_indices)
        # heads enlarge to the image's size: what shows nothing but padding must go
        strides = [min(2**i, self.output_stride) for i in self.out_indices]
        rows, columns = x.shape[-2:]
        return tuple(
            maps[i][..., : -(-rows // stride), : -(-columns // stride)]
            for i, stride in zip(self.out_indices, strides)
        )

    def init_weights(self) -> None:
        """Read pretrained weights, if ``init_cfg`` names some."""
        init = self.init_cfg
        if isinstance(init, Mapping) and init.get('type') == 'Pretrained':
            self._load(init['checkpoint'])
            self._is_init = True
        else:
            super().init_weights()

    def _load(self, address: str) -> None:
        """Read published weights; report what is left over of them."""
        published = read_address(address)
        own = self.encoder.state_dict()
        try:
            state = self._converted(published, own)
            left = {k: v for k, v in state.items() if k not in own}
            problems = [k for k, v in own.items() if _lacks(state, k, v)]
            problems += [k for k in left if _kind(k) in set(map(_kind, own))]
            if problems:
                raise CheckpointError(f'does not fit {self.name}: {first(problems)}')
        except CheckpointError as error:
            raise CheckpointError(f'{address}: {error}') from error
        # smp's own load_state_dict returns nothing
        nn.Module.load_state_dict(
            self.encoder,
            {k: v for k, v in state.items() if k not in left},
            strict=False,
        )
        if left:
            print_log(f'{address}: left out {", ".join(left)}', logger='current')

    def _converted(self, state: State, own: State) -> State:
        """Return published weights under the encoder's own names."""
        layouts: tuple[tuple[str, str, str, Callable[[State], State]], ...] = (
            ('efficientnet', '_conv_stem.weight', '', efficientnet.to_lukemelas),
            ('efficientnet', 'conv_head.weight', '', efficientnet.to_timm),
            ('efficientnet', 'model.conv_stem.weight', 'model.', efficientnet.to_timm),
            ('mobilenetv2', 'model.conv_stem.weight', 'model.', mobilenetv2.to_timm),
        )
        for family, key, prefix, convert in layouts:
            if family in self.name and key in own:
                return {prefix + k: v for k, v in convert(state).items()}
        state = stripped(state, 'encoder.')
        if not any(key in own for key in state):
            state = {f'model.{key}': value for key, value in state.items()}
        return state


def _kind(key: str) -> str:
    """Return a name that the members of a list share."""
    return re.sub(r'\.\d+(?=\.)', '.#', key)


def _lacks(state: State, key: str, value: Tensor) -> bool:
    """Return whether a tensor is missing or of another shape; counters may be."""
    if key not in state:
        return not key.endswith('num_batches_tracked')
    return state[key].shape != value.shape
