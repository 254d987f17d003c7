"""Dilated Neighborhood Attention Transformer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS
from torch import Tensor, nn

from ...convert.dinat import convert, with_kernel_size
from ..layers.dinat import ConvTokenizer, DiNATStage


@MODELS.register_module()
class DiNAT(BaseModule):
    """Dilated Neighborhood Attention Transformer.

    Hassani & Shi 2022, arXiv:2209.15001. Tokens attend to their K x K neighbours; every
    other block leaves gaps between them. All dilations 1 make it NAT
    (arXiv:2204.07143). Written from the papers; parameters are named as in the authors'
    code (MIT), whose weights load as they are: with the relative position bias that
    NATTEN has dropped, and interpolated for another K. Needs no compiled operator.

    Args:
        embed_dims: Channels of the first stage; each further stage doubles them.
        depths: Blocks of each stage.
        num_heads: Heads of each stage.
        dilations: Dilation of each block, a list per stage. None takes 1 everywhere.
        kernel_size: K, odd.
        mlp_ratio: Hidden channels of the MLPs over the channels of their stage.
        in_channels: Channels of the image.
        out_indices: Stages to return, each before its downsampling.
        qkv_bias: Give the projections of the attentions a bias.
        qk_scale: Factor of the logits; 1 / sqrt(channels per head) by default.
        drop_rate: Dropout of the outputs of attentions and MLPs.
        attn_drop_rate: Dropout of attention weights.
        drop_path_rate: Share of residual branches that the last block drops; grows
            linearly from 0.
        layer_scale: Initial factor of the residual branches; None has no factors.
        with_cp: Recompute blocks in the backward pass, which takes less memory.
        init_cfg: mmengine's. ``Pretrained`` takes the authors' or Hugging Face's files.

    Raises:
        ValueError: Lists of different lengths, or a stage that does not exist.
    """

    def __init__(
        self,
        embed_dims: int,
        depths: Sequence[int],
        num_heads: Sequence[int],
        dilations: Sequence[Sequence[int]] | None = None,
        kernel_size: int = 7,
        mlp_ratio: float = 3.0,
        in_channels: int = 3,
        out_indices: Sequence[int] = (0, 1, 2, 3),
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        drop_rate: float = 0.0,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.2,
        layer_scale: float | None = None,
        with_cp: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        dilations = [[1] * n for n in depths] if dilations is None else dilations
        if len(num_heads) != len(depths) or [len(d) for d in dilations] != [*depths]:
            raise ValueError(
                f'depths {list(depths)} do not fit num_heads {list(num_heads)} and '
                f'dilations {[list(d) for d in dilations]}'
            )
        if not out_indices or not set(out_indices) <= set(range(len(depths))):
            raise ValueError(f'out_indices {out_indices} of {len(depths)} stages')
        self.out_indices = tuple(out_indices)
        self.with_cp = with_cp
        self.patch_embed = ConvTokenizer(in_channels, embed_dims)
        self.pos_drop = nn.Dropout(drop_rate)
        rates = np.linspace(0, drop_path_rate, sum(depths)).tolist()
        levels: list[DiNATStage] = []
        for i, depth in enumerate(depths):
            stage = DiNATStage(
                embed_dims * 2**i,
                dilations[i],
                [rates.pop(0) for _ in range(depth)],
                downsample=i < len(depths) - 1,
                num_heads=num_heads[i],
                kernel_size=kernel_size,
                mlp_ratio=mlp_ratio,
                qkv_bias=qkv_bias,
                qk_scale=qk_scale,
                drop=drop_rate,
                attn_drop=attn_drop_rate,
                layer_scale=layer_scale,
            )
            levels.append(stage)
            if i in self.out_indices:
                self.add_module(f'norm{i}', nn.LayerNorm(embed_dims * 2**i))
        self.levels = nn.ModuleList(levels)
        self.kernel_size = kernel_size

    def init_weights(self) -> None:
        """Draw the linear maps as the authors do, then read pretrained weights."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        init = self.init_cfg
        if isinstance(init, Mapping) and init.get('type') == 'Pretrained':
            self._load(init['checkpoint'])
            self._is_init = True
        else:
            super().init_weights()

    def _load(self, address: str) -> None:
        """Read the authors' weights; report what is left over on either side."""
        content = CheckpointLoader.load_checkpoint(address, map_location='cpu')
        state = content.get('state_dict', content.get('model', content))
        state = with_kernel_size(convert(state), self.kernel_size)
        result = self.load_state_dict(state, strict=False)
        for kind, keys in result._asdict().items():
            if keys:
                print_log(f'{address}: {kind} {keys}', logger='current')

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of all stages.

        Args:
            x: Images, (B, 3, H, W), of any size.

        Returns:
            A map per entry of ``out_indices``, (B, C * 2^i, H / 2^(i+2), W / 2^(i+2)),
            sizes rounded up.
        """
        x = self.pos_drop(self.patch_embed(x))
        outs = []
        for i, stage in enumerate(self.levels):
            x, following = stage(x, self.with_cp)
            if i in self.out_indices:
                out = getattr(self, f'norm{i}')(x)
                outs.append(out.permute(0, 3, 1, 2).contiguous())
            x = following
        return tuple(outs)
