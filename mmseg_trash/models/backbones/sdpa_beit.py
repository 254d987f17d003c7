"""BEiT for images of any size, with fused attention."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from mmseg.models.backbones.beit import BEiT as _BEiT
from mmseg.models.backbones.beit import BEiTAttention, BEiTTransformerEncoderLayer
from mmseg.registry import MODELS
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ...convert.beit import convert
from ..layers import adopt
from ..layers.sdpa_beit import SDPABEiTAttention, SDPABEiTLayer


@MODELS.register_module()
class SDPABEiT(_BEiT):
    """BEiT (Bao et al. 2021, arXiv:2106.08254), as a backbone of segmentors.

    Differs from the parent in four things. Its attention goes through
    ``F.scaled_dot_product_attention``. Images may have any size: they are padded on
    the right and below to whole patches, and the position biases are resized when the
    patches do not form the grid of ``img_size`` (the parent fails). Pretrained weights
    are read as the authors, timm and Hugging Face publish them, and their tables are
    resized, which fails in the parent since SciPy 1.14. Activations may be computed
    twice instead of kept. Parameters are the parent's; its stored index of all pairs of
    tokens, 20 MB a layer at 640 pixels, is not.

    Args:
        with_cp: Keep no activations inside the layers.
        **kwargs: The parent's arguments.
    """

    def __init__(self, with_cp: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        adopt(self, BEiTTransformerEncoderLayer, SDPABEiTLayer)
        adopt(self, BEiTAttention, SDPABEiTAttention)
        for layer in self.layers:
            del layer.attn.relative_position_index
        self.with_cp = with_cp

    def train(self, mode: bool = True) -> 'SDPABEiT':
        """Set the mode and return the module itself, which the parent forgets."""
        super().train(mode)
        return self

    def init_weights(self) -> None:
        """Read pretrained weights in whatever layout, or start as the parent does."""
        init = self.init_cfg
        if isinstance(init, Mapping) and init.get('type') == 'Pretrained':
            self._load(init['checkpoint'])
        else:
            super().init_weights()
        self._is_init = True

    def _load(self, address: str) -> None:
        """Read published weights; report what is left over on either side."""
        content = CheckpointLoader.load_checkpoint(address, map_location='cpu')
        state = content.get('state_dict', content.get('model', content))
        result = self.load_state_dict(convert(state), strict=False)
        for kind, keys in result._asdict().items():
            if keys:
                print_log(f'{address}: {kind} {keys}', logger='current')

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the chosen layers' maps.

        Args:
            inputs: Images, (B, 3, H, W), of any size.

        Returns:
            Maps, (B, C, H / patch, W / patch), sizes rounded up, one for every entry of
            ``out_indices``.
        """
        down, right = (-side % self.patch_size for side in inputs.shape[-2:])
        x, grid = self.patch_embed(F.pad(inputs, (0, right, 0, down)))
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        maps = []
        for i, layer in enumerate(self.layers):
            if self.with_cp and x.requires_grad:
                x = checkpoint(layer, x, grid, use_reentrant=False)
            else:
                x = layer(x, grid)
            if i == len(self.layers) - 1 and self.final_norm:
                x = self.norm1(x)
            if i in self.out_indices:
                maps.append(x[:, 1:].mT.unflatten(-1, grid).contiguous())
        return tuple(maps)
