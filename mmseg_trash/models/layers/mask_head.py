"""What all heads that classify masks share."""

from typing import Any

from mmengine.model import BaseModule
from mmseg.utils import ConfigType, OptMultiConfig
from torch import Tensor

from .mask_classification import output_size, semantic_probs


class MaskHead(BaseModule):
    """A head whose queries predict masks and a class for each.

    ``forward`` of a subclass returns two lists, the last entries the final ones: class
    logits, (B, queries, classes + 1), and mask logits, (B, queries, h, w).
    :meth:`predict` gives probabilities, not logits; the attribute ``output`` tells
    test-time augmentation and the predictor.

    Args:
        num_classes: Number of classes.
        ignore_index: Label that belongs to no class.
        align_corners: Of the resizing to the photograph's size.
        init_cfg: mmengine's.
    """

    output = 'probs'

    def __init__(
        self,
        num_classes: int,
        ignore_index: int = 255,
        align_corners: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = self.out_channels = num_classes
        self.ignore_index = ignore_index
        self.align_corners = align_corners
        # mmseg's segmentors ask every head for it; None is the largest class
        self.threshold = None

    def predict(
        self,
        inputs: Any,
        batch_img_metas: list[dict[str, Any]],
        test_cfg: ConfigType,
    ) -> Tensor:
        """Predict class probabilities, see :func:`semantic_probs`.

        Args:
            inputs: What ``forward`` takes.
            batch_img_metas: ``img_shape`` or ``pad_shape`` is the size of the output.
            test_cfg: Not used.

        Returns:
            (B, classes, H, W), float32, from 0 to 1; 1 in sum over the classes.
        """
        classes, masks = self.forward(inputs)
        size = output_size(batch_img_metas[0])
        return semantic_probs(classes[-1], masks[-1], size, self.align_corners)
