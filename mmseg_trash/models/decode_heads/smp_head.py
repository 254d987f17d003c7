"""Decoders of segmentation_models_pytorch as decode heads."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..layers.smp_decoders import build_decoder


@MODELS.register_module()
class SMPHead(BaseDecodeHead):
    """U-Net, U-Net++, FPN, PAN or DeepLabV3+ of segmentation_models_pytorch (MIT).

    ``UnetPlusPlus`` (Zhou et al. 2018, arXiv:1807.10165), ``Unet`` (arXiv:1505.04597),
    ``FPN`` (arXiv:1901.02446), ``PAN`` (Li et al. 2018, arXiv:1805.10180) and
    ``DeepLabV3Plus`` (arXiv:1802.02611), with smp's own modules and numbers, behind
    ``SMPEncoder``. Losses are mmseg's list. The logits stand at the decoder's size,
    stride 1 of U-Net and U-Net++ and 4 of the others, and mmseg enlarges them; smp does
    the latter with ``align_corners=True``.

    Where the encoder has padded the image, the logits are enlarged to the padded size
    and cut to the image's.

    Args:
        arch: ``unetplusplus``, ``unet``, ``fpn``, ``pan`` or ``deeplabv3plus``.
        in_channels: Channels of the image and of the encoder's maps.
        in_index: Which of the backbone's outputs these are; all by default.
        decoder: Arguments of smp's decoder to set otherwise, such as
            ``decoder_channels`` of U-Net or ``dropout`` of FPN.
        dropout_ratio: Dropout before the classifier, besides the decoder's own.
        kwargs: :class:`BaseDecodeHead`'s, ``num_classes`` and ``loss_decode`` among
            them.

    Raises:
        ImportError: segmentation_models_pytorch is not installed.
        ValueError: There is no such ``arch``.
    """

    def __init__(
        self,
        arch: str,
        in_channels: Sequence[int],
        in_index: Sequence[int] | None = None,
        decoder: Mapping[str, Any] | None = None,
        dropout_ratio: float = 0.0,
        **kwargs: Any,
    ) -> None:
        network, channels, kernel_size = build_decoder(arch, in_channels, decoder)
        super().__init__(
            in_channels=list(in_channels),
            channels=channels,
            in_index=list(range(len(in_channels)) if in_index is None else in_index),
            input_transform='multiple_select',
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        self.decoder = network
        if kernel_size > 1:
            self.conv_seg = nn.Conv2d(
                channels, self.out_channels, kernel_size, padding=kernel_size // 2
            )

    def init_weights(self) -> None:
        """Draw the decoder as smp does, and the classifier as mmseg does."""
        from segmentation_models_pytorch.base.initialization import initialize_decoder

        initialize_decoder(self.decoder)
        super().init_weights()

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Compute the logits.

        Args:
            inputs: Image and maps as ``SMPEncoder`` gives them.

        Returns:
            (B, classes, h, w): the decoder's size, or the image's if it was padded.
        """
        image, *maps = self._transform_inputs(inputs)
        height, width = image.shape[-2:]
        padded = tuple(2 * side for side in maps[0].shape[-2:])
        # smp's decoders ask the first entry for its size alone
        whole = image.new_empty(image.shape[0], 0, *padded)
        logits: Tensor = self.cls_seg(self.decoder([whole, *maps]))
        if padded != (height, width):
            logits = resize(
                logits, padded, mode='bilinear', align_corners=self.align_corners
            )[..., :height, :width]
        return logits
