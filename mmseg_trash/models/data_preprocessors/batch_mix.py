"""What the mixes of a batch with itself share."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class BatchMix(nn.Module):
    """Paste something of the next sample of the batch into a sample.

    The donor of sample i is sample i + 1, that of the last one the first; all donors
    are as they were before. Random numbers come from ``np.random`` of the process and
    nothing is read back from the device, so that it need not wait.

    Args:
        prob: Probability that a sample is mixed.

    Raises:
        ValueError: If ``prob`` is outside [0, 1].
    """

    def __init__(self, prob: float) -> None:
        super().__init__()
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        self.prob = prob

    @abstractmethod
    def draw(self, labels: Tensor) -> Any:
        """Draw everything that is random about a batch.

        Args:
            labels: Label maps, (N, H, W), int64; only the shape is looked at.
        """

    @abstractmethod
    def choose(self, donors: Tensor, plan: Any) -> Tensor:
        """Return which pixels of the donors are pasted, bool (N, H, W).

        Args:
            donors: Label maps of the donors, (N, H, W), int64.
            plan: What :meth:`draw` gave.
        """

    def forward(self, inputs: Tensor, data_samples: list) -> tuple[Tensor, list]:
        """Mix a batch; the label maps in ``gt_sem_seg`` are replaced.

        Args:
            inputs: (N, 3, H, W).
            data_samples: N data samples with ``gt_sem_seg`` of (1, H, W).

        Returns:
            New inputs and the same data samples; a batch of one sample as it is.
        """
        if self.prob == 0 or len(inputs) < 2:
            return inputs, data_samples
        labels = torch.stack([s.gt_sem_seg.data[0] for s in data_samples]).long()
        chance = np.random.random(len(inputs)) < self.prob
        plan = self.draw(labels)
        if not chance.any():
            return inputs, data_samples
        donors = labels.roll(-1, 0)
        mixed = torch.from_numpy(chance).to(labels.device, non_blocking=True)
        pasted = self.choose(donors, plan) & mixed[:, None, None]
        inputs = torch.where(pasted[:, None], inputs.roll(-1, 0), inputs)
        labels = torch.where(pasted, donors, labels)
        for sample, label in zip(data_samples, labels):
            truth = sample.gt_sem_seg
            truth.data = label[None].to(truth.data.dtype)
        return inputs, data_samples
