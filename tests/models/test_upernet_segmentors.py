"""UPerNet on ConvNeXt and BEiT: any size, mixed precision, saving and loading."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.config import build_model, load_config

CONVNEXT = 'upernet/upernet_convnext-t_1xb8'
NOAUX = f'{CONVNEXT}-noaux'
BEIT = 'upernet/upernet_beit-b-in22k_1xb8'
ALL = [CONVNEXT, NOAUX, BEIT]


def segmentor(project: Path, stem: str, **test_cfg: Any) -> nn.Module:
    """Build a leaf's network, made small."""
    leaf = project / f'configs/{stem}-20k_trash-512x512.py'
    model = (cfg := load_config(leaf, from_scratch=True)).model
    if 'convnext' in stem:
        model.backbone.arch = dict(depths=[1, 1, 1, 1], channels=[8, 12, 16, 20])
        model.decode_head.update(in_channels=[8, 12, 16, 20], channels=8)
        aux = 16
    else:
        model.backbone.update(embed_dims=16, num_layers=4, num_heads=2)
        model.backbone.update(img_size=(64, 64), out_indices=(0, 1, 2, 3))
        model.neck.update(embed_dim=16)
        model.decode_head.update(in_channels=[16] * 4, channels=8)
        aux = 16
    if model.get('auxiliary_head'):
        model.auxiliary_head.update(in_channels=aux, channels=8)
    model.test_cfg = dict(test_cfg)
    torch.manual_seed(0)
    return build_model(cfg, init=True)


@pytest.mark.parametrize('stem', ALL)
@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size(stem: str, mode: str, project: Path) -> None:
    window = dict(crop_size=(64, 64), stride=(42, 42))
    model = segmentor(project, stem, mode=mode, **window).eval()
    for size in ((64, 64), (50, 131), (90, 64), (33, 40)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            logits = model.inference(torch.randn(1, 3, *size), [meta])
        assert logits.shape == (1, 11, *size)
        assert logits.isfinite().all()
        assert logits.std() > 0


def samples(labels: Tensor) -> list[SegDataSample]:
    return [SegDataSample(gt_sem_seg=PixelData(data=label[None])) for label in labels]


@pytest.mark.parametrize('stem', ALL)
def test_trains_under_bfloat16_and_travels(stem: str, project: Path) -> None:
    model = segmentor(project, stem, mode='whole')
    image, label = torch.randn(2, 3, 64, 96), torch.randint(0, 11, (2, 64, 96))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples(label))
    names = ['decode.loss_ce'] + ['aux.loss_ce'] * ('noaux' not in stem)
    assert sorted(k for k in losses if 'loss' in k) == sorted(names)
    total = sum(v for k, v in losses.items() if 'loss' in k)
    assert total.isfinite()
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert any(n.startswith('auxiliary') for n in model.state_dict()) == (stem != NOAUX)
    other = segmentor(project, stem, mode='whole').eval()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    other.load_state_dict(model.eval().state_dict())
    meta = [dict(img_shape=(64, 96), ori_shape=(64, 96))]
    with torch.no_grad():
        assert torch.equal(*(m.inference(image[:1], meta) for m in (model, other)))


def test_pyramid_out_of_one_stride(project: Path) -> None:
    """The neck's maps have the strides 4, 8, 16 and 32 of a pyramid."""
    model = segmentor(project, BEIT, mode='whole').eval()
    with torch.no_grad():
        maps = model.extract_feat(torch.randn(1, 3, 64, 96))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (16, 64 // s, 96 // s) for s in (4, 8, 16, 32)
    ]


def test_beits_grid_is_that_of_the_crops(project: Path) -> None:
    leaves = sorted((project / 'configs').glob('*/*_beit-*.py'))
    assert len(leaves) >= 4
    for leaf in leaves:
        cfg = load_config(leaf)
        assert tuple(cfg.model.backbone.img_size) == tuple(cfg.crop_size), leaf
        assert tuple(cfg.model.test_cfg.crop_size) == tuple(cfg.crop_size), leaf
