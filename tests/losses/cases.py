"""The losses that the contract holds for, and a batch for them."""

from dataclasses import dataclass
from typing import Any

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

IGNORED = 255
COUNTS = [100, 10, 5, 1]
REGIONS = ('SoftDiceLoss', 'SoftIoULoss', 'SoftTverskyLoss', 'LovaszSoftmaxLoss')
CASES = {
    **{name: dict(type=name) for name in REGIONS},
    **{f'{name} per image': dict(type=name, per_image=True) for name in REGIONS},
    'IoUCELoss': dict(type='IoUCELoss'),
    'SoftCrossEntropyLoss': dict(type='SoftCrossEntropyLoss'),
    'SoftmaxFocalLoss': dict(type='SoftmaxFocalLoss'),
    'SoftmaxFocalLoss, root': dict(type='SoftmaxFocalLoss', gamma=0.5),
    'BalancedSoftmaxLoss': dict(type='BalancedSoftmaxLoss', class_frequency=COUNTS),
    'CDBLoss': dict(type='CDBLoss', num_classes=4),
    'OhemCELoss': dict(type='OhemCELoss', thresh=0.3, min_kept=1),
    'OhemCELoss, most': dict(type='OhemCELoss', thresh=None),
}
PIXELS = [name for name in CASES if not name.startswith((*REGIONS, 'IoUCE'))]


@dataclass
class Builder:
    """Builds one of the losses, with further options if wanted."""

    case: dict[str, Any]

    def __call__(self, **options: Any) -> nn.Module:
        loss = MODELS.build({**self.case, **options})
        if hasattr(loss, 'set_accuracies'):
            loss.set_accuracies([0.9, 0.5, 0.2, 0.4])
        return loss


def batch(seed: int = 0, size: int = 8, ignored: float = 0.3) -> tuple[Tensor, Tensor]:
    """Draw logits and label maps that hold all four classes in both images."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 4, size, size, generator=generator) * 2
    label = torch.randint(4, (2, size, size), generator=generator)
    label[torch.rand(label.shape, generator=generator) < ignored] = IGNORED
    label[:, 0, :4] = torch.arange(4)
    return logits, label
