"""UPerNet over DINOv2 and DINOv3: the pyramid's sizes, a step, any size."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_trash.config import build_model, load_config

pytest.importorskip('transformers')
KINDS = ['dinov2-s-lvd142m', 'dinov3-s-lvd1689m']


def build(backbone: str, project: Path) -> Any:
    """Build the config's network, smaller."""
    name = f'configs/upernet/upernet_{backbone}_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / name, from_scratch=True)
    small = dict(embed_dims=24, num_layers=4, num_heads=2, out_indices=(0, 1, 2, 3))
    cfg.model.backbone.update(small)
    cfg.model.neck.update(embed_dim=24)
    cfg.model.decode_head.update(in_channels=[24] * 4, channels=16)
    cfg.model.auxiliary_head.update(in_channels=24, channels=16)
    cfg.model.test_cfg.update(crop_size=(64, 64), stride=(42, 42))
    torch.manual_seed(0)
    return build_model(cfg)


@pytest.mark.parametrize('backbone, sides', zip(KINDS, (
    [148, 74, 37, 18],
    [128, 64, 32, 16],
)))  # fmt: skip
def test_the_pyramid_halves(backbone: str, sides: list[int], project: Path) -> None:
    model = build(backbone, project).eval()
    with torch.no_grad():
        maps = model.extract_feat(torch.randn(1, 3, 512, 512))
    assert [tuple(m.shape) for m in maps] == [(1, 24, side, side) for side in sides]


@pytest.mark.parametrize('backbone', KINDS)
def test_trains_under_bfloat16(backbone: str, project: Path) -> None:
    model = build(backbone, project).train()
    label = torch.randint(0, 11, (2, 1, 70, 90))
    data = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(torch.randn(2, 3, 70, 90), data)
    total = losses['decode.loss_ce'] + losses['aux.loss_ce']
    total.backward()
    assert total.isfinite()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize('backbone', KINDS)
@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(backbone: str, mode: str, project: Path) -> None:
    model, other = (build(backbone, project).eval() for _ in range(2))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    other.load_state_dict(model.state_dict())
    for size in ((64, 64), (75, 131)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        image = torch.randn(1, 3, *size)
        found = []
        for network in (model, other):
            network.test_cfg.mode = mode
            with torch.no_grad():
                found.append(network.inference(image, [meta]))
        assert found[0].shape == (1, 11, *size)
        assert torch.equal(*found)
