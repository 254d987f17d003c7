"""MobileNetV2 in torchvision's two layouts, timm's, and a package's weights."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.mobilenetv2 import to_timm
from mmseg_trash.errors import CheckpointError
from mmseg_trash.models import SMPEncoder

from .light import by_position, published, randomised

timm = pytest.importorskip('timm')
smp = pytest.importorskip('segmentation_models_pytorch')
torchvision = pytest.importorskip('torchvision')

NAME = 'mobilenetv2_100'
# The layers of a block, which older files count through; the first does not expand.
FIRST = {'0.0': '0', '0.1': '1', '1': '3', '2': '4'}
OTHER = {'0.0': '0', '0.1': '1', '1.0': '3', '1.1': '4', '2': '6', '3': '7'}


def older(state: State) -> State:
    """Write torchvision's layout as its files of 2018 have it."""
    result = {}
    for key, value in state.items():
        if found := re.fullmatch(r'features\.(\d+)\.conv\.([\d.]+)\.(\w+)', key):
            names = FIRST if found[1] == '1' else OTHER
            key = f'features.{found[1]}.conv.{names[found[2]]}.{found[3]}'
        result[key] = value
    return result


def whole() -> nn.Module:
    return randomised(torchvision.models.mobilenet_v2(weights=None))


def agree(ours: SMPEncoder, features: nn.Module) -> None:
    """Compare maps, whose places within torchvision's list are 1, 3, 6, 13 and 17."""
    image = torch.randn(2, 3, 64, 96)
    maps, x = [], image
    with torch.no_grad():
        for i, layer in enumerate(features):
            x = layer(x)
            if i in (1, 3, 6, 13, 17):
                maps.append(x)
        for one, other in zip(ours.eval()(image)[1:], maps, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('layout', ['newer', 'older', 'timm', 'smp'])
def test_every_layout(layout: str, tmp_path: Path) -> None:
    theirs = whole()
    state = theirs.state_dict()
    ours = SMPEncoder(f'tu-{NAME}')
    if layout == 'timm':
        other = by_position(timm.create_model(NAME), state)
        state = other.state_dict()
    elif layout == 'smp':
        encoder = smp.encoders.get_encoder('mobilenet_v2', weights=None)
        encoder.load_state_dict(state)
        state = {f'encoder.{k}': v for k, v in encoder.state_dict().items()}
    elif layout == 'older':
        state = older(state)
        assert 'features.2.conv.6.weight' in state
    converted = CONVERTERS['mobilenetv2'](state)
    ours.load_state_dict(converted)
    agree(ours, theirs.features)
    torch.save(state, tmp_path / 'a.pth')
    again = SMPEncoder(
        f'tu-{NAME}',
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth')),
    )
    again.init_weights()
    assert all(torch.equal(v, converted[k]) for k, v in again.state_dict().items())


def test_published_weights_by_place() -> None:
    state = published(NAME)
    theirs = torchvision.models.mobilenet_v2(weights=None)
    by_position(theirs.features, state)
    network = by_position(timm.create_model(NAME, num_classes=0), state)
    found = to_timm(state)
    expected = network.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(v, expected[k]) for k, v in found.items())
    ours = SMPEncoder(f'tu-{NAME}')
    ours.load_state_dict(CONVERTERS['mobilenetv2'](state))
    agree(ours, theirs.features)
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        one, other = network.forward_features(image), theirs.features(image)
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    file = str(tmp_path / 'a.pth')
    ours = SMPEncoder(f'tu-{NAME}', init_cfg=dict(type='Pretrained', checkpoint=file))
    state = whole().state_dict()
    fewer = {k: v for k, v in state.items() if not k.startswith('features.9.')}
    torch.save(fewer, file)
    with pytest.raises(CheckpointError, match=r'a\.pth: does not fit tu-mobilenetv2'):
        ours.init_weights()
    torch.save({**state, 'features.3.conv.5.weight': torch.zeros(1)}, file)
    with pytest.raises(CheckpointError, match=r'is no MobileNetV2: .*features\.3\.con'):
        ours.init_weights()
    torch.save({**state, 'features.0.0.weight': torch.zeros(32, 1, 3, 3)}, file)
    with pytest.raises(CheckpointError, match=r'_100: model\.conv_stem\.weight'):
        ours.init_weights()
    torch.save(timm.create_model('resnet10t').state_dict(), file)
    with pytest.raises(CheckpointError, match=r'a\.pth: .*MobileNetV2'):
        ours.init_weights()
