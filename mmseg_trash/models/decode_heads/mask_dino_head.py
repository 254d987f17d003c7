"""MaskDINO's head for semantic segmentation."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptMultiConfig, SampleList
from torch import Tensor

from ..layers.full_precision import full_precision
from ..layers.mask_classification import check_queries
from ..layers.mask_dino_criterion import WEIGHTS, MaskDINOCriterion
from ..layers.mask_dino_decoder import Decoded, MaskDINODecoder
from ..layers.mask_dino_denoising import Denoising, make_denoising, target_of
from ..layers.mask_dino_encoder import MaskDINOEncoder
from ..layers.mask_head import MaskHead

CLASSIFICATIONS = ('ce', 'focal')
TEMPERATURE = 0.06
"""Sharpens independent class probabilities, which the authors have so."""


@MODELS.register_module()
class MaskDINOHead(MaskHead):
    """MaskDINO (Li et al. 2023, arXiv:2206.02777): queries with boxes find masks.

    Written from the papers named in its parts; the names of the parameters are those of
    the authors' code (Apache-2.0), so that its weights load. All numbers default to the
    authors' for ADE20K; their models for COCO differ in ``extra_levels``,
    ``finest_first``, ``encoder_ffn``, ``num_queries``, ``selection``,
    ``boxes_from_masks`` and ``classification``.

    The losses belong to the method and cannot be exchanged. The head works in float32
    under mixed precision too. :meth:`predict` gives probabilities, not logits; the
    attribute ``output`` says so to test-time augmentation and to the predictor.

    Args:
        in_channels: Channels of the maps at strides 4, 8, 16 and 32.
        num_classes: Number of classes.
        in_index: Which of the backbone's maps these are.
        channels: Width of encoder and queries, a multiple of 32 and of ``num_heads``.
        mask_channels: Channels of the map that masks are made from.
        num_queries: Number of queries; each class in an image takes one.
        num_heads: Heads of all attentions.
        levels, extra_levels, finest_first: The maps, see :class:`MaskDINOEncoder`.
        encoder_layers, encoder_ffn: Depth and hidden width of the encoder.
        decoder_layers, decoder_ffn: Depth and hidden width of the decoder.
        selection, boxes_from_masks, initial_prediction: Where the queries start, see
            :class:`MaskDINODecoder`.
        denoising_queries: Further queries while training, 0 for none.
        noise_scale: Noise of their boxes and, halved, of their labels, 0 to 1.
        classification: ``'ce'``, classes that exclude each other, or ``'focal'``.
        num_points: Points at which masks are compared.
        oversample_ratio: How many times as many are drawn to find uncertain ones.
        importance_sample_ratio: Share of the points that are the most uncertain ones.
        loss_weights: Weights of the losses and of the matcher's costs: ``cls``,
            ``mask``, ``dice``, ``box`` and ``giou``; None for the authors'.
        no_object_weight: Weight of queries without a target in the cross entropy.
        ignore_index: Label that belongs to no class.
        init_cfg: mmengine's.

    Raises:
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
        levels: int = 3,
        extra_levels: int = 0,
        finest_first: bool = False,
        encoder_layers: int = 6,
        encoder_ffn: int = 1024,
        decoder_layers: int = 9,
        decoder_ffn: int = 2048,
        selection: str = 'learned',
        boxes_from_masks: bool = False,
        initial_prediction: bool = True,
        denoising_queries: int = 100,
        noise_scale: float = 0.4,
        classification: str = 'ce',
        num_points: int = 12544,
        oversample_ratio: float = 3.0,
        importance_sample_ratio: float = 0.75,
        loss_weights: dict[str, float] | None = None,
        no_object_weight: float = 0.1,
        ignore_index: int = 255,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(num_classes, ignore_index, init_cfg=init_cfg)
        if len(in_channels) != 4 or len(in_index) != 4:
            raise ValueError(
                'in_channels and in_index must name four maps, got '
                f'{list(in_channels)} and {list(in_index)}'
            )
        check_queries(num_queries, num_classes)
        if denoising_queries < 0 or not 0 <= noise_scale <= 1:
            raise ValueError(
                'denoising_queries must be 0 or more and noise_scale from 0 to 1, got '
                f'{denoising_queries} and {noise_scale}'
            )
        if classification not in CLASSIFICATIONS:
            raise ValueError(
                f'classification must be one of {CLASSIFICATIONS}, got {classification}'
            )
        self.in_index = list(in_index)
        self.denoising_queries, self.noise_scale = denoising_queries, noise_scale
        self.exclusive = classification == 'ce'
        self.pixel_decoder = MaskDINOEncoder(
            in_channels,
            channels,
            mask_channels,
            levels,
            extra_levels,
            finest_first,
            num_heads,
            encoder_ffn,
            encoder_layers,
        )
        self.predictor = MaskDINODecoder(
            num_classes,
            self.pixel_decoder.num_levels,
            channels,
            mask_channels,
            num_heads,
            decoder_ffn,
            decoder_layers,
            num_queries,
            self.exclusive,
            selection,
            boxes_from_masks,
            initial_prediction,
        )
        self.criterion = MaskDINOCriterion(
            num_classes,
            loss_weights or WEIGHTS,
            self.exclusive,
            no_object_weight,
            num_points,
            oversample_ratio,
            importance_sample_ratio,
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Predict after the last layer.

        Args:
            inputs: The backbone's maps, NCHW.

        Returns:
            Class logits, one (B, queries, classes + 1), the last for "no object"; and
            mask logits, one (B, queries, H / 4, W / 4).
        """
        last = self.decode(inputs, intermediate=False).queries[-1]
        classes = last.classes
        if not self.exclusive:
            sharp = classes.sigmoid() / TEMPERATURE
            classes = F.pad(sharp, (0, 1), value=float('-inf'))
        return [classes], [last.masks]

    def decode(
        self,
        inputs: Sequence[Tensor],
        denoising: Denoising | None = None,
        intermediate: bool = True,
    ) -> Decoded:
        """Return all that :class:`MaskDINODecoder` predicts from a backbone's maps."""
        features = [inputs[i].float() for i in self.in_index]
        with full_precision(features[0]):
            mask_features, maps = self.pixel_decoder(features)
            return self.predictor(maps, mask_features, denoising, intermediate)

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
            See :class:`MaskDINOCriterion`; without any target none of denoising.

        Raises:
            ValueError: A label is neither a class nor ``ignore_index``.
        """
        targets = [
            target_of(s.gt_sem_seg.data, self.num_classes, self.ignore_index)
            for s in batch_data_samples
        ]
        denoising = make_denoising(
            targets, self.num_classes, self.denoising_queries, self.noise_scale
        )
        decoded = self.decode(inputs, denoising)
        with full_precision(decoded.queries[-1].masks):
            losses = self.criterion(decoded, targets, denoising)
        if denoising is None:
            # Distributed training wants every parameter in the graph.
            losses['loss_cls'] += 0 * self.predictor.label_enc.weight.sum()
        return losses
