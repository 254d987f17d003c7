"""K-Net's head."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mmseg.models.decode_heads.knet_head import IterativeDecodeHead
from mmseg.registry import MODELS


@MODELS.register_module()
class KNetHead(IterativeDecodeHead):
    """K-Net (Zhang et al. 2021, arXiv:2106.14855), semantic segmentation.

    The head that generates kernels makes a feature map and classifies its pixels; the
    weights of that classifier are the first kernels, one per class. Every stage gathers
    the feature under each class's mask, updates the kernels by it and by each other,
    and makes new masks with them (sections 3.2 and 3.3). All stages are supervised.

    Differs from the parent in its arguments: one dict describes all stages, and
    ``num_classes`` stands where every head has it. Checkpoints of the parent load.

    Args:
        num_classes: Number of classes.
        kernel_generate_head: Config of the first head, without ``num_classes``; its
            ``loss_decode`` is the loss of every stage.
        kernel_update_head: Config of one stage, without ``num_classes``.
        num_stages: Number of stages, at least 1.
        **kwargs: Arguments of mmengine's ``BaseModule``.

    Raises:
        ValueError: There is no stage, or a part's config has ``num_classes``.
    """

    def __init__(
        self,
        num_classes: int,
        kernel_generate_head: Mapping[str, Any],
        kernel_update_head: Mapping[str, Any],
        num_stages: int = 3,
        **kwargs: Any,
    ) -> None:
        if num_stages < 1:
            raise ValueError(f'num_stages must be at least 1, got {num_stages}')
        for part in (kernel_generate_head, kernel_update_head):
            if 'num_classes' in part:
                raise ValueError('num_classes stands beside the parts, not in them')
        super().__init__(
            num_stages=num_stages,
            kernel_generate_head=dict(kernel_generate_head, num_classes=num_classes),
            # the stages take entries out of their configs
            kernel_update_head=[
                dict(deepcopy(dict(kernel_update_head)), num_classes=num_classes)
                for _ in range(num_stages)
            ],
            **kwargs,
        )
