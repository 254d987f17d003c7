"""BatchClassMix: ClassMix within a batch, on the device."""

import numpy as np
import torch
from mmseg.registry import MODELS
from torch import Tensor

from ...metainfo import CLASSES, IGNORE_INDEX
from ...transforms.class_weights import ClassWeights, check_weights, resolve_weights
from .batch_mix import BatchMix

LABELS = 256


@MODELS.register_module()
class BatchClassMix(BatchMix):
    """Paste half of the classes of the next sample over a sample.

    The batch form of the transform :class:`ClassMix`, with the same rules: of the n
    candidate classes that the donor shows floor(n / 2), at least one, are drawn without
    replacement; Background is none unless asked for; ignored pixels and padding are
    never pasted. Different from it, the donor has been cropped and coloured already,
    and weights of classes do not choose donors.

    Args:
        prob: Probability that a sample is mixed.
        background: Whether Background is a candidate.
        class_weights: By class name or label (classes left out: 1), or one per label;
            0 is never pasted.
        ignore_index: Label that is never pasted.
        classes: Names of the labels.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        background: bool = False,
        class_weights: ClassWeights | None = None,
        ignore_index: int = IGNORE_INDEX,
        classes: tuple[str, ...] = CLASSES,
    ) -> None:
        super().__init__(prob)
        check_weights(class_weights)
        weights = resolve_weights(class_weights, classes)
        if not background and CLASSES[0] in classes:
            weights[list(classes).index(CLASSES[0])] = 0
        if 0 <= ignore_index < len(weights):
            weights[ignore_index] = 0
        self.weights = weights

    def draw(self, labels: Tensor) -> np.ndarray:
        """Draw a clock for each sample and class, (N, C): the first ones are taken."""
        clocks = np.random.exponential(size=(len(labels), len(self.weights)))
        with np.errstate(divide='ignore'):
            return clocks / self.weights

    def choose(self, donors: Tensor, plan: np.ndarray) -> Tensor:
        """Return which pixels of the donors are pasted, bool (N, H, W)."""
        flat = donors.flatten(1)
        shown = torch.zeros(len(flat), LABELS, dtype=torch.bool, device=flat.device)
        shown.scatter_(1, flat, True)
        clocks = torch.from_numpy(plan).to(flat.device, non_blocking=True)
        candidates = shown[:, : clocks.shape[1]] & clocks.isfinite()
        number = (candidates.sum(1, keepdim=True) // 2).clamp(min=1)
        order = clocks.masked_fill(~candidates, torch.inf).argsort(1).argsort(1)
        taken = torch.zeros_like(shown)
        taken[:, : clocks.shape[1]] = (order < number) & candidates
        return taken.gather(1, flat).view_as(donors)
