"""MixDataPreProcessor: mmseg's, with batch augmentations that run."""

from collections.abc import Sequence
from typing import Any

from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from torch import nn


@MODELS.register_module()
class MixDataPreProcessor(SegDataPreProcessor):
    """Build ``batch_augments`` and run them one after the other in training.

    mmseg's own keeps the list as it is and cannot call it. Everything else is as there:
    batches are normalised and padded first, so padding is ignored by the mix.

    Args:
        batch_augments: Dicts of modules that take and return inputs, (N, 3, H, W), and
            data samples, such as :class:`BatchClassMix`.
        kwargs: As for ``SegDataPreProcessor``.
    """

    def __init__(self, batch_augments: Sequence[dict] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        steps = nn.ModuleList(MODELS.build(step) for step in batch_augments)
        self.batch_steps = steps
        self.batch_augments = self._augment if len(steps) else None

    def _augment(self, inputs: Any, data_samples: list) -> tuple[Any, list]:
        """Run the steps."""
        for step in self.batch_steps:
            inputs, data_samples = step(inputs, data_samples)
        return inputs, data_samples
