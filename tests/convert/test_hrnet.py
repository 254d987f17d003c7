"""HRNet's weights for ImageNet give the four maps that timm's HRNet gives."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert import CONVERTERS

timm = pytest.importorskip('timm')


def config(project: Path, size: str):
    name = f'configs/ocrnet/ocrnet_hrnet-{size}_1xb8-20k_trash-512x512.py'
    return load_config(project / name, from_scratch=True)


def test_four_maps_are_timms(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    theirs = timm.create_model('hrnet_w18').eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.3, 0.6)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
        elif isinstance(module, nn.Upsample):
            # the authors' network for classes resizes to the nearest, that for pixels
            # bilinearly
            module.mode, module.align_corners = 'bilinear', False
    caplog.set_level('INFO')
    state = CONVERTERS['hrnet'](theirs.state_dict())
    left_out = len(theirs.state_dict()) - len(state)
    assert f'left out {left_out} tensors: incre_modules' in caplog.text
    ours = build_model(config(project, 'w18')).backbone
    ours.load_state_dict(state)  # every tensor of ours is there
    ours.eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        x = theirs.act1(theirs.bn1(theirs.conv1(image)))
        maps = theirs.stages(theirs.act2(theirs.bn2(theirs.conv2(x))))
        found = ours(image)
    assert [m.shape[1] for m in found] == [18, 36, 72, 144]
    for a, b in zip(found, maps, strict=True):
        assert b.abs().max() > 0.1
        assert (a - b).abs().max() <= 1e-4 * b.abs().max()


@pytest.mark.parametrize('size', ['w18', 'w48'])
def test_every_tensor_has_its_place(size: str, project: Path) -> None:
    with torch.device('meta'):
        theirs = timm.create_model(f'hrnet_{size}').state_dict()
    ours = build_model(config(project, size), 'meta').backbone.state_dict()
    prefixed = {f'backbone.{key}': value for key, value in theirs.items()}
    for state in (theirs, prefixed):
        converted = CONVERTERS['hrnet'](state)
        assert {k: v.shape for k, v in converted.items()} == {
            k: v.shape for k, v in ours.items()
        }
