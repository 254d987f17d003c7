"""What the backbones DINOv2 and DINOv3 share."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...convert.common import Converter
from ...convert.download import read_address
from ...convert.vit import fitted
from .open_vit import OpenViT


class DINOBackbone(BaseModule):
    """Run the parts of a plain vision transformer of transformers, for maps.

    An image whose sides are no multiples of the patch is enlarged to the next ones,
    bilinearly, by less than a patch. Nothing is padded, so that the maps cover the
    image exactly, which mmseg's heads take for granted.

    Args:
        embeddings, layers, norm: transformers' modules: image to tokens, the blocks,
            and the last norm.
        patch_size: Side of a patch in pixels.
        prefix: Number of tokens before those of the patches.
        convert: Reads published weights into these names.
        out_indices: Blocks after which maps are returned, from 0.
        final_norm: Pass every map through the last norm, as the authors do.
        drop_path_rate: Share of residual branches that the last block drops; grows
            linearly from 0.
        frozen: Train nothing: no gradients, always in evaluation mode.
        open_blocks: Leave so many of the last blocks to the head; then an
            :class:`OpenViT` is returned in place of maps.
        with_cp: Recompute blocks in the backward pass, which takes less memory.
        init_cfg: mmengine's. ``Pretrained`` takes a file or an address of any layout
            that ``convert`` reads, ``.safetensors`` too.

    Raises:
        ValueError: An argument is out of range, or two contradict each other.
    """

    def __init__(
        self,
        embeddings: nn.Module,
        layers: nn.ModuleList,
        norm: nn.Module,
        patch_size: int,
        prefix: int,
        convert: Converter,
        out_indices: Sequence[int],
        final_norm: bool = True,
        drop_path_rate: float = 0.0,
        frozen: bool = False,
        open_blocks: int = 0,
        with_cp: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        depth = len(layers)
        if not out_indices or not set(out_indices) <= set(range(depth)):
            raise ValueError(f'out_indices {list(out_indices)} of {depth} blocks')
        if not 0 <= open_blocks < depth:
            raise ValueError(f'open_blocks must be 0 to {depth - 1}, got {open_blocks}')
        if frozen and open_blocks:
            raise ValueError('frozen=True leaves no block open, got open_blocks > 0')
        # Of pretraining only; several processes wait for every parameter's gradient.
        if hasattr(embeddings, 'mask_token'):
            del embeddings.mask_token
        self.embeddings = embeddings
        self.layers = layers
        self.norm = norm if final_norm or open_blocks else nn.Identity()
        self.patch_size = patch_size
        self.prefix = prefix
        self.convert = convert
        self.out_indices = tuple(out_indices)
        self.frozen = frozen
        self.open_blocks = open_blocks
        self.with_cp = with_cp
        if drop_path_rate > 0:
            blocks: Any = layers
            for i, block in enumerate(blocks):
                block.drop_path.drop_prob = drop_path_rate * i / max(depth - 1, 1)
        if frozen:
            self.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> 'DINOBackbone':
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode and not self.frozen)
        return self

    def init_weights(self) -> None:
        """Read pretrained weights; without them, keep transformers' first weights.

        Raises:
            CheckpointError: The file is no such model's, or does not fit.
        """
        init = self.init_cfg
        if not isinstance(init, Mapping) or init.get('type') != 'Pretrained':
            super().init_weights()
            return
        address = init['checkpoint']
        own = self.state_dict()
        found = self.convert(read_address(address))
        state = fitted(found, own, address)
        self.load_state_dict(state)
        changed = [k for k, v in state.items() if v.shape != found[k].shape]
        print_log(
            f'{address}: read {len(state)} tensors, resampled {changed}',
            logger='current',
        )
        self._is_init = True

    def positions(self, x: Tensor) -> dict[str, Any]:
        """Return what every block needs besides the tokens, for an image's size."""
        return {}

    def run(
        self, index: int, x: Tensor, mask: Tensor | None, more: dict[str, Any]
    ) -> Tensor:
        """Run a block.

        Args:
            index: Its number, from 0.
            x: Tokens, (B, N, C).
            mask: See :class:`OpenViT`.
            more: What :meth:`positions` returned.

        Returns:
            Tokens, (B, N, C).
        """
        if self.with_cp and self.training and torch.is_grad_enabled():
            out: Tensor = checkpoint(
                self.layers[index], x, mask, use_reentrant=False, **more
            )
            return out
        tokens: Tensor = self.layers[index](x, mask, **more)
        return tokens

    def forward(self, x: Tensor) -> tuple[Tensor, ...] | OpenViT:
        """Compute the chosen blocks' maps.

        Args:
            x: Images, (B, 3, H, W), of any size.

        Returns:
            A map per entry of ``out_indices``, (B, C, H / patch, W / patch), sizes
            rounded up; or, with ``open_blocks``, what the head goes on with.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self._forward(x)

    def _forward(self, x: Tensor) -> tuple[Tensor, ...] | OpenViT:
        height, width = (-(-side // self.patch_size) for side in x.shape[-2:])
        whole = (height * self.patch_size, width * self.patch_size)
        if tuple(x.shape[-2:]) != whole:
            x = F.interpolate(x, whole, mode='bilinear', align_corners=False)
        more = self.positions(x)
        tokens: Tensor = self.embeddings(x)
        maps = []
        closed = len(self.layers) - self.open_blocks
        for i in range(closed):
            tokens = self.run(i, tokens, None, more)
            if i in self.out_indices and not self.open_blocks:
                patches = self.norm(tokens)[:, self.prefix :].transpose(1, 2)
                maps.append(patches.unflatten(-1, (height, width)).contiguous())
        if not self.open_blocks:
            return tuple(maps)
        return OpenViT(
            tokens,
            (height, width),
            self.prefix,
            [partial(self._run_open, i, more) for i in range(closed, len(self.layers))],
            self.norm,
        )

    def _run_open(
        self, index: int, more: dict[str, Any], x: Tensor, mask: Tensor | None
    ) -> Tensor:
        return self.run(index, x, mask, more)
