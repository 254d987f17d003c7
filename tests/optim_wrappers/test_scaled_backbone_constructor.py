"""A slower backbone, with the rules for norms in force inside it."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

import mmseg_trash.optim_wrappers  # noqa: F401


class Net(nn.Module):
    """A backbone and a head with a linear map, a norm and a table each."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
        self.backbone.table = nn.Parameter(torch.zeros(3))
        self.head = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))


def test_rates_and_decays() -> None:
    net = Net()
    cfg = dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
        constructor='mmseg.ScaledBackboneConstructor',
        paramwise_cfg=dict(
            backbone_lr_mult=0.1,
            norm_decay_mult=0.0,
            custom_keys={'table': dict(decay_mult=0.0)},
        ),
    )
    groups = build_optim_wrapper(net, cfg).optimizer.param_groups
    found = {
        name: (group['lr'], group['weight_decay'])
        for name, parameter in net.named_parameters()
        for group in groups
        if group['params'][0] is parameter
    }
    assert found == {
        'backbone.table': (pytest.approx(1e-5), 0.0),
        'backbone.0.weight': (pytest.approx(1e-5), 0.05),
        'backbone.0.bias': (pytest.approx(1e-5), 0.05),
        'backbone.1.weight': (pytest.approx(1e-5), 0.0),
        'backbone.1.bias': (pytest.approx(1e-5), 0.0),
        'head.0.weight': (1e-4, 0.05),
        'head.0.bias': (1e-4, 0.05),
        'head.1.weight': (1e-4, 0.0),
        'head.1.bias': (1e-4, 0.0),
    }


@pytest.mark.parametrize('paramwise', [None, dict(backbone_lr_mult=-0.1)])
def test_the_factor_is_checked(paramwise: dict[str, float] | None) -> None:
    cfg = dict(
        optimizer=dict(type='SGD', lr=1.0),
        constructor='mmseg.ScaledBackboneConstructor',
        paramwise_cfg=paramwise,
    )
    with pytest.raises(ValueError, match='backbone_lr_mult'):
        build_optim_wrapper(Net(), cfg)
