"""Mask2Former's head by transformers' modules."""

from collections.abc import Sequence

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType, OptMultiConfig, SampleList
from torch import Tensor, nn

from ..layers.full_precision import full_precision
from ..layers.mask_classification import check_queries
from ..layers.mask_head import MaskHead
from ..layers.matched_losses import matched_losses

Predictions = tuple[list[Tensor], list[Tensor]]


@MODELS.register_module()
class HFMask2FormerHead(MaskHead):
    """Masked-attention mask transformer (Cheng et al. 2022, arXiv:2112.01527).

    Queries find masks and their classes. Pixel decoder, transformer decoder, matcher
    and losses are those of transformers (Apache-2.0; the authors' code is MIT), without
    compiled operators and over any backbone; mmseg's ``Mask2FormerHead`` needs mmdet.
    All numbers default to the paper's for semantic segmentation.

    The losses belong to the method and cannot be exchanged. :meth:`predict` gives
    probabilities, not logits; the attribute ``output`` tells test-time augmentation
    and the predictor.

    Args:
        in_channels: Channels of the maps at strides 4, 8, 16 and 32.
        num_classes: Number of classes.
        in_index: Which of the backbone's maps these are.
        channels: Width of the pixel decoder and of the queries, a multiple of 64.
        mask_channels: Channels of the map that masks are made from.
        num_queries: Number of queries; each class in an image takes one.
        num_heads: Heads of all attentions.
        encoder_layers, encoder_ffn: Depth and hidden width of the pixel decoder.
        decoder_layers, decoder_ffn: Depth and hidden width of the transformer decoder.
        num_points: Points at which masks are compared.
        oversample_ratio: How many times as many are drawn to find uncertain ones.
        importance_sample_ratio: Share of the points that are the most uncertain ones.
        class_weight, mask_weight, dice_weight: Weights of cross entropy, binary cross
            entropy and dice, in the losses and in the matcher's costs.
        no_object_weight: Weight of queries without a mask in the cross entropy.
        pixel_decoder: Another one: a registered module that turns the list of the four
            maps into (mask map, [maps at strides 32, 16, 8]), all of ``channels``; it
            is given ``in_channels`` unless it sets its own. None takes the paper's.
        ignore_index: Label that belongs to no class.
        align_corners: Of the resizing to the photograph's size.
        init_cfg: mmengine's.

    Raises:
        ImportError: transformers is not installed.
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_classes: int,
        in_index: Sequence[int] = (0, 1, 2, 3),
        channels: int = 256,
        mask_channels: int = 256,
        num_queries: int = 100,
        num_heads: int = 8,
        encoder_layers: int = 6,
        encoder_ffn: int = 1024,
        decoder_layers: int = 9,
        decoder_ffn: int = 2048,
        num_points: int = 12544,
        oversample_ratio: float = 3.0,
        importance_sample_ratio: float = 0.75,
        class_weight: float = 2.0,
        mask_weight: float = 5.0,
        dice_weight: float = 5.0,
        no_object_weight: float = 0.1,
        pixel_decoder: OptConfigType = None,
        ignore_index: int = 255,
        align_corners: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(num_classes, ignore_index, align_corners, init_cfg)
        if len(in_channels) != 4 or len(in_index) != 4:
            raise ValueError(
                'in_channels and in_index must name four maps, got '
                f'{list(in_channels)} and {list(in_index)}'
            )
        check_queries(num_queries, num_classes)
        if channels % 64 or channels % num_heads:
            raise ValueError(
                f'channels must be a multiple of 64 and of num_heads, got {channels} '
                f'and {num_heads}'
            )
        if num_points < 1 or not 0 <= importance_sample_ratio <= 1:
            raise ValueError(
                'num_points must be positive and importance_sample_ratio from 0 to 1, '
                f'got {num_points} and {importance_sample_ratio}'
            )
        try:
            from ..layers import mask2former as modules
        except ImportError as error:
            raise ImportError(
                'HFMask2FormerHead needs transformers: '
                'pip install "mmseg_trash[optional]"'
            ) from error
        self.in_index = list(in_index)
        self.loss_weights = dict(
            loss_cls=class_weight, loss_mask=mask_weight, loss_dice=dice_weight
        )
        config = modules.Mask2FormerConfig(
            num_labels=num_classes,
            feature_size=channels,
            hidden_dim=channels,
            mask_feature_size=mask_channels,
            num_queries=num_queries,
            num_attention_heads=num_heads,
            encoder_layers=encoder_layers,
            encoder_feedforward_dim=encoder_ffn,
            # transformers counts the predictions, of which one is made before layer 1
            decoder_layers=decoder_layers + 1,
            dim_feedforward=decoder_ffn,
            train_num_points=num_points,
            oversample_ratio=oversample_ratio,
            importance_sample_ratio=importance_sample_ratio,
            class_weight=class_weight,
            mask_weight=mask_weight,
            dice_weight=dice_weight,
            no_object_weight=no_object_weight,
            dropout=0.0,
        )
        if pixel_decoder is None:
            self.pixel_decoder: nn.Module = modules.DeformablePixelDecoder(
                config, list(in_channels)
            )
        else:
            self.pixel_decoder = MODELS.build(
                {'in_channels': list(in_channels), **pixel_decoder}
            )
        self.transformer_module = modules.build_transformer(config)
        self.class_predictor = nn.Linear(channels, num_classes + 1)
        self.criterion = modules.build_criterion(config)

    def forward(self, inputs: Sequence[Tensor]) -> Predictions:
        """Predict before the first layer of the decoder and after each.

        Args:
            inputs: The backbone's maps, NCHW.

        Returns:
            Class logits, each (B, queries, classes + 1), the last for "no object"; and
            mask logits, each (B, queries, H / 4, W / 4).
        """
        features = [inputs[i].float() for i in self.in_index]
        # The authors keep the pixel decoder in float32: half a pixel matters there.
        with full_precision(features[0]):
            mask_features, levels = self.pixel_decoder(features)
        decoded = self.transformer_module(levels, mask_features)
        states = decoded.intermediate_hidden_states
        classes = [self.class_predictor(state.transpose(0, 1)) for state in states]
        return classes, list(decoded.masks_queries_logits)

    def loss(
        self,
        inputs: Sequence[Tensor],
        batch_data_samples: SampleList,
        train_cfg: ConfigType,
    ) -> dict[str, Tensor]:
        """Match predictions with the classes of each image and compare them.

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
        return self.loss_by_feat(self.forward(inputs), batch_data_samples)

    def loss_by_feat(
        self, predictions: Predictions, batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """Return the losses of :meth:`forward`'s predictions, see :meth:`loss`."""
        return matched_losses(
            self.criterion,
            *predictions,
            batch_data_samples,
            self.num_classes,
            self.ignore_index,
            self.loss_weights,
        )
