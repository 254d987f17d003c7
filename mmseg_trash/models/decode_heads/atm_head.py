"""SegViT's head."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptMultiConfig, SampleList
from torch import Tensor, nn

from ..layers.atm_loss import atm_losses, atm_targets
from ..layers.attention_to_mask import ATMDecoder
from ..layers.mask_head import MaskHead

Predictions = tuple[list[Tensor], list[Tensor]]


@MODELS.register_module()
class ATMHead(MaskHead):
    """Attention-to-mask decoder of SegViT (Zhang et al. 2022, arXiv:2210.05844).

    One token per class visits the backbone's maps, the deepest first. At each map it
    gives a class, which is its own or "no object", and a mask, which is added to those
    before. Written from the paper; the authors' code is for non-commercial use.

    The losses belong to the method and cannot be exchanged: cross entropy, focal loss
    and dice after each map, token i against class i. :meth:`predict` gives
    probabilities, not logits; the attribute ``output`` says so to test-time
    augmentation and to the predictor.

    Args:
        in_channels: Channels of each of the backbone's maps.
        num_classes: Number of classes.
        in_index: Which of the backbone's outputs are used, the shallowest first.
        channels: Width of the tokens, half of ``in_channels`` in the paper's models.
        num_layers: Layers at each map.
        num_heads: Heads of all attentions.
        dropout: Dropout in training.
        class_weight, mask_weight, dice_weight: Weights of cross entropy, focal loss and
            dice.
        no_object_weight: Weight of absent classes in the cross entropy.
        ignore_index: Label that belongs to no class.
        align_corners: Of all resizing.
        init_cfg: mmengine's.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        in_index: Sequence[int] = (0, 1, 2),
        channels: int = 384,
        num_layers: int = 3,
        num_heads: int = 12,
        dropout: float = 0.1,
        class_weight: float = 1.0,
        mask_weight: float = 20.0,
        dice_weight: float = 1.0,
        no_object_weight: float = 0.1,
        ignore_index: int = 255,
        align_corners: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(num_classes, ignore_index, align_corners, init_cfg)
        if not in_index or num_layers < 1:
            raise ValueError(
                'in_index must name a map and num_layers be positive, got '
                f'{list(in_index)} and {num_layers}'
            )
        if channels % num_heads:
            raise ValueError(
                f'channels must be a multiple of num_heads, got {channels} and '
                f'{num_heads}'
            )
        self.in_index = list(in_index)
        self.no_object_weight = no_object_weight
        self.loss_weights = dict(
            loss_cls=class_weight, loss_mask=mask_weight, loss_dice=dice_weight
        )
        self.tokens = nn.Embedding(num_classes, channels)
        self.decoders = nn.ModuleList(
            ATMDecoder(in_channels, channels, num_layers, num_heads, dropout)
            for _ in self.in_index
        )
        self.class_predictor = nn.Linear(channels, num_classes + 1)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, inputs: Sequence[Tensor]) -> Predictions:
        """Predict after each map, the deepest first.

        Args:
            inputs: The backbone's maps, NCHW; of other sizes than the shallowest one
                are allowed.

        Returns:
            Class logits, each (B, classes, classes + 1), the last for "no object"; and
            mask logits, each (B, classes, h, w) in the size of the shallowest map.
        """
        features = [inputs[i] for i in self.in_index]
        size = features[0].shape[-2:]
        tokens = self.tokens.weight.repeat(len(features[0]), 1, 1)
        classes: list[Tensor] = []
        masks: list[Tensor] = []
        for decoder, feature in zip(self.decoders, reversed(features)):
            tokens, mask = decoder(tokens, feature)
            if mask.shape[-2:] != size:
                mask = F.interpolate(
                    mask, size, mode='bilinear', align_corners=self.align_corners
                )
            classes.append(self.class_predictor(tokens))
            masks.append(masks[-1] + mask if masks else mask)
        return classes, masks

    def loss(
        self,
        inputs: Sequence[Tensor],
        batch_data_samples: SampleList,
        train_cfg: ConfigType,
    ) -> dict[str, Tensor]:
        """Compare the predictions with the label maps.

        Args:
            inputs: The backbone's maps, NCHW.
            batch_data_samples: With ``gt_sem_seg``, (1, H, W).
            train_cfg: Not used.

        Returns:
            ``loss_cls``, ``loss_mask``, ``loss_dice`` of the last prediction, and the
            same of prediction i under ``d{i}.``, all times their weights.

        Raises:
            ValueError: A label is neither a class nor ``ignore_index``.
        """
        targets = atm_targets(
            [sample.gt_sem_seg.data for sample in batch_data_samples],
            self.num_classes,
            self.ignore_index,
        )
        losses: dict[str, Tensor] = {}
        for i, (classes, masks) in enumerate(zip(*self.forward(inputs))):
            raw = atm_losses(
                classes, masks, targets, self.no_object_weight, self.align_corners
            )
            prefix = f'd{i}.' if i < len(self.in_index) - 1 else ''
            for name, value in raw.items():
                losses[prefix + name] = value * self.loss_weights[name]
        return losses
