"""SeMask's backbone."""

from collections.abc import Collection
from typing import Any, cast

from mmseg.registry import MODELS
from torch import Tensor, nn

from ..layers.semantic_attention import SemanticLayer
from .sdpa_swin_transformer import SDPASwinTransformer


@MODELS.register_module()
class SeMaskSwinTransformer(SDPASwinTransformer):
    """Swin with semantic layers (SeMask, Jain et al. 2021, arXiv:2112.12782).

    Differs from the parent in a :class:`SemanticLayer` behind each stage, before the
    stage's output norm and the patch merging, and in that it returns the class maps of
    these layers behind the stages' maps: with four stages, outputs 0 to 3 are maps of
    strides 4 to 32 and outputs 4 to 7 class logits at the same strides. A head finds
    the maps at the same places as the parent's, :class:`ClassMapHead` supervises the
    others. Written from the paper; checkpoints of the parent load, and the semantic
    layers then start as their paper has them.

    The authors' windows depend on the classes. With up to 19, all stages attend inside
    windows, which is the default here. Their ADE20K models of 150 classes attend over
    the whole map in some stages: ``global_stages=(2, 3)`` with an FPN head on Swin-T, S
    and L (none on B), ``(3,)`` with Mask2Former.

    Args:
        num_classes: Number of classes.
        semantic_window: Side of the semantic layers' windows; None takes
            ``window_size``.
        global_stages: Stages whose semantic layer attends over the whole map.
        semantic_dropout: Dropout in the semantic layers.
        **kwargs: The parent's arguments.

    Raises:
        ValueError: ``global_stages`` names a stage that does not exist.
    """

    def __init__(
        self,
        num_classes: int,
        semantic_window: int | None = None,
        global_stages: Collection[int] = (),
        semantic_dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        stages = range(len(self.stages))
        if not set(global_stages) <= set(stages):
            raise ValueError(
                f'global_stages must be of {list(stages)}, got {list(global_stages)}'
            )
        window = semantic_window or kwargs.get('window_size', 7)
        self.semantic_layers = nn.ModuleList(
            SemanticLayer(
                self.num_features[i],
                num_classes,
                None if i in global_stages else window,
                semantic_dropout,
            )
            for i in stages
        )

    def init_weights(self) -> None:
        """Initialise as the parent does, and the semantic layers as SeMask does."""
        super().init_weights()
        if self.init_cfg is None:
            # the parent has drawn all linear layers, these among them
            for layer in self.semantic_layers:
                cast(SemanticLayer, layer).reset_parameters()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the maps and the class maps of the chosen stages.

        Args:
            x: Images, (B, 3, H, W).

        Returns:
            Maps, (B, C_i, h_i, w_i), then class logits, (B, num_classes, h_i, w_i), one
            of each for every stage of ``out_indices``.
        """
        x, size = self.patch_embed(x)
        if self.use_abs_pos_embed:
            x = x + self.absolute_pos_embed
        x = self.drop_after_pos(x)
        maps, class_maps = [], []
        for i, stage in enumerate(self.stages):
            for block in stage.blocks:
                x = block(x, size)
            x, class_map = self.semantic_layers[i](x, size)
            if i in self.out_indices:
                out = getattr(self, f'norm{i}')(x)
                maps.append(out.transpose(1, 2).unflatten(-1, size).contiguous())
                class_maps.append(class_map)
            if stage.downsample:
                x, size = stage.downsample(x, size)
        return (*maps, *class_maps)
