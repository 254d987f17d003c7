"""EoMT's head."""

from typing import Any

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptMultiConfig, SampleList
from torch import Tensor, nn

from ..layers.mask_classification import check_queries
from ..layers.mask_head import MaskHead
from ..layers.matched_losses import matched_losses
from ..layers.open_vit import OpenViT

Predictions = tuple[list[Tensor], list[Tensor]]


@MODELS.register_module()
class EoMTHead(MaskHead):
    """Encoder-only mask transformer (Kerssies et al. 2025, arXiv:2503.19108).

    Queries join the tokens of a vision transformer before its last blocks, which
    belong to the backbone (``open_blocks``) and are run by this head. There is no
    pixel decoder and no transformer decoder: a query's class is a linear map of its
    token, its mask the product of its token with the patches, enlarged to a quarter of
    the image. The modules are those of transformers (Apache-2.0; the authors' code is
    MIT), losses and matcher those of Mask2Former.

    In training, a query attends to the patches of its last mask only, with a
    probability per block in the buffer ``attn_mask_probs`` that
    :class:`MaskAnnealingHook` takes from 1 to 0. Prediction draws nothing: a block
    masks where that probability is over a half, so not at all after training.

    The losses belong to the method and cannot be exchanged. :meth:`predict` gives
    probabilities, not logits; the attribute ``output`` tells test-time augmentation
    and the predictor.

    Args:
        in_channels: Channels of the backbone's tokens.
        num_classes: Number of classes.
        num_queries: Number of queries; each class in an image takes one.
        num_blocks: The backbone's ``open_blocks``.
        num_upscales: How many times the patches' height and width are doubled; 2 leads
            from patches of 16 pixels to a quarter of the image.
        num_points: Points at which masks are compared.
        oversample_ratio: How many times as many are drawn to find uncertain ones.
        importance_sample_ratio: Share of the points that are the most uncertain ones.
        class_weight, mask_weight, dice_weight: Weights of cross entropy, binary cross
            entropy and dice, in the losses and in the matcher's costs.
        no_object_weight: Weight of queries without a mask in the cross entropy.
        ignore_index: Label that belongs to no class.
        align_corners: Of the resizing to the photograph's size.
        init_cfg: mmengine's.

    Raises:
        ImportError: transformers is not installed.
        ValueError: An argument is out of range.
    """

    attn_mask_probs: Tensor

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        num_queries: int = 100,
        num_blocks: int = 4,
        num_upscales: int = 2,
        num_points: int = 12544,
        oversample_ratio: float = 3.0,
        importance_sample_ratio: float = 0.75,
        class_weight: float = 2.0,
        mask_weight: float = 5.0,
        dice_weight: float = 5.0,
        no_object_weight: float = 0.1,
        ignore_index: int = 255,
        align_corners: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(num_classes, ignore_index, align_corners, init_cfg)
        check_queries(num_queries, num_classes)
        if num_blocks < 1:
            raise ValueError(f'num_blocks must be positive, got {num_blocks}')
        try:
            from transformers.models.eomt import modeling_eomt as hf
            from transformers.models.eomt.configuration_eomt import EomtConfig

            from ..layers import mask2former as modules
        except ImportError as error:
            raise ImportError(
                'EoMTHead needs transformers: pip install "mmseg_trash[optional]"'
            ) from error
        self.loss_weights = dict(
            loss_cls=class_weight, loss_mask=mask_weight, loss_dice=dice_weight
        )
        config: Any = EomtConfig(
            hidden_size=in_channels, num_upscale_blocks=num_upscales
        )
        self.query = nn.Embedding(num_queries, in_channels)
        self.upscale_block = hf.EomtScaleBlock(config)
        self.mask_head = hf.EomtMaskHead(config)
        self.class_predictor = nn.Linear(in_channels, num_classes + 1)
        self.register_buffer('attn_mask_probs', torch.ones(num_blocks))
        self._frozen: list[float] | None = None
        self.criterion = modules.build_criterion(
            modules.Mask2FormerConfig(
                num_labels=num_classes,
                num_queries=num_queries,
                train_num_points=num_points,
                oversample_ratio=oversample_ratio,
                importance_sample_ratio=importance_sample_ratio,
                class_weight=class_weight,
                mask_weight=mask_weight,
                dice_weight=dice_weight,
                no_object_weight=no_object_weight,
            )
        )

    def freeze_for_export(self) -> None:
        """Keep the masks of evaluation as numbers, for tracers that read no buffers."""
        self.eval()
        self._frozen = self._probabilities()

    def _probabilities(self) -> list[float]:
        """Return the probability of each block's mask."""
        if self._frozen is not None and not self.training:
            return self._frozen
        probs = self.attn_mask_probs
        if probs.is_meta:  # operations are counted as after training
            return [0.0] * len(probs)
        values: list[float] = probs.tolist()
        return values if self.training else [float(p > 0.5) for p in values]

    def _predict(self, tokens: Tensor, view: OpenViT) -> tuple[Tensor, Tensor]:
        """Return class logits and mask logits of normed tokens."""
        num = self.query.num_embeddings
        queries = tokens[:, :num]
        patches = tokens[:, num + view.prefix :].transpose(1, 2)
        patches = self.upscale_block(patches.unflatten(-1, view.size))
        masks = torch.einsum('bqc,bchw->bqhw', self.mask_head(queries), patches)
        return self.class_predictor(queries), masks

    def _attention_mask(self, masks: Tensor, view: OpenViT, prob: float) -> Tensor:
        """Return where tokens may attend, bool (B, 1, N, N), see :class:`OpenViT`."""
        batch, num = masks.shape[:2]
        inside = F.interpolate(masks.detach(), view.size, mode='bilinear') > 0
        if prob < 1:
            free = torch.rand(batch, num, device=masks.device) > prob
            inside = inside | free[..., None, None]
        total = num + view.tokens.shape[1]
        allowed = torch.ones(batch, total, total, dtype=torch.bool, device=masks.device)
        allowed[:, :num, num + view.prefix :] = inside.flatten(2)
        return allowed[:, None]

    def forward(self, inputs: OpenViT) -> Predictions:
        """Run the open blocks; predict before each of them and at the end.

        In evaluation mode, predictions that no block needs are left out.

        Args:
            inputs: What the backbone gives.

        Returns:
            Class logits, each (B, queries, classes + 1), the last for "no object"; and
            mask logits, each (B, queries, H / 4, W / 4).

        Raises:
            ValueError: The backbone has another number of open blocks, or none.
        """
        probs = self._probabilities()
        found = len(inputs.blocks) if isinstance(inputs, OpenViT) else 0
        if found != len(probs):
            raise ValueError(f'num_blocks is {len(probs)}, open_blocks is {found}')
        queries = self.query.weight.expand(len(inputs.tokens), -1, -1)
        tokens = torch.cat([queries, inputs.tokens], 1)
        classes: list[Tensor] = []
        masks: list[Tensor] = []
        for block, prob in zip(inputs.blocks, probs):
            allowed = None
            if self.training or prob > 0:
                logits, mask = self._predict(inputs.norm(tokens), inputs)
                classes.append(logits)
                masks.append(mask)
                if prob > 0:
                    allowed = self._attention_mask(mask, inputs, prob)
            tokens = block(tokens, allowed)
        logits, mask = self._predict(inputs.norm(tokens), inputs)
        return [*classes, logits], [*masks, mask]

    def loss(
        self, inputs: OpenViT, batch_data_samples: SampleList, train_cfg: ConfigType
    ) -> dict[str, Tensor]:
        """Compare the predictions with the label maps, see :func:`matched_losses`.

        Args:
            inputs: What the backbone gives.
            batch_data_samples: With ``gt_sem_seg``, (1, H, W).
            train_cfg: Not used.
        """
        return matched_losses(
            self.criterion,
            *self.forward(inputs),
            batch_data_samples,
            self.num_classes,
            self.ignore_index,
            self.loss_weights,
        )
