"""Segmentors on DiNAT and FaPN: training, inference, state dict, real photographs."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert import CONVERTERS

from .overfit import overfit

DINAT = dict(
    type='DiNAT',
    embed_dims=8,
    depths=[2, 1, 1, 1],
    num_heads=[1, 2, 4, 8],
    kernel_size=3,
    dilations=[[1, 4], [2], [1], [1]],
)
UPER = dict(
    type='UPerHead',
    in_channels=[8, 16, 32, 64],
    in_index=[0, 1, 2, 3],
    channels=8,
    num_classes=5,
    norm_cfg=dict(type='BN'),
    loss_decode=[dict(type='CrossEntropyLoss')],
)
META = dict(img_shape=(64, 48), ori_shape=(61, 45), pad_shape=(64, 48))
META |= dict(padding_size=[0, 0, 0, 0])


def segmentor(**options: Any) -> nn.Module:
    """Build a tiny UPerNet on DiNAT."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = dict(type='EncoderDecoder', backbone=DINAT, decode_head=UPER)
    cfg |= dict(test_cfg=dict(mode='whole'))
    model: nn.Module = MODELS.build(ConfigDict(cfg | options))
    return model


def samples(labels: Tensor) -> list[SegDataSample]:
    """Wrap label maps."""
    found = []
    for label in labels:
        sample = SegDataSample(gt_sem_seg=PixelData(data=label[None]))
        sample.set_metainfo(META)
        found.append(sample)
    return found


@pytest.mark.parametrize('bf16', [False, True])
def test_a_step_of_training(bf16: bool) -> None:
    model = segmentor()
    labels = torch.randint(0, 5, (2, 64, 48))
    with torch.autocast('cpu', torch.bfloat16, enabled=bf16):
        losses = model.loss(torch.randn(2, 3, 64, 48), samples(labels))
    losses['decode.loss_ce'].backward()
    assert torch.isfinite(losses['decode.loss_ce'])
    grads = {n: p.grad for n, p in model.named_parameters()}
    assert all(g is not None and torch.isfinite(g).all() for g in grads.values())
    assert all(g.any() for n, g in grads.items() if n.endswith('rpb'))


def test_ignored_labels_give_a_finite_loss() -> None:
    labels = torch.full((2, 64, 48), 255)
    losses = segmentor().loss(torch.randn(2, 3, 64, 48), samples(labels))
    assert float(losses['decode.loss_ce'].detach()) == 0.0


@pytest.mark.parametrize(
    'test_cfg',
    [dict(mode='whole'), dict(mode='slide', crop_size=(32, 32), stride=(24, 24))],
    ids=['whole', 'slide'],
)
def test_predicts_at_the_photographs_size(test_cfg: dict[str, Any]) -> None:
    model = segmentor(test_cfg=test_cfg).eval()
    with torch.no_grad():
        found = model.predict(
            torch.randn(2, 3, 64, 48), samples(torch.zeros(2, 64, 48))
        )
    assert found[0].seg_logits.data.shape == (5, 61, 45)
    assert found[1].pred_sem_seg.data.shape == (1, 61, 45)


def test_state_dict_makes_the_round_trip(tmp_path: Path) -> None:
    model = segmentor().eval()
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    other = segmentor().eval()
    for parameter in other.parameters():
        nn.init.normal_(parameter)
    other.load_state_dict(torch.load(tmp_path / 'weights.pth', weights_only=True))
    image = torch.randn(1, 3, 50, 70)
    torch.testing.assert_close(other(image, mode='tensor'), model(image, mode='tensor'))


def test_mask2formers_converter_keeps_the_backbones_names(project: Path) -> None:
    pytest.importorskip('transformers')
    name = 'mask2former/mask2former_dinat-l-in22k_1xb8-20k_trash-640x640.py'
    model = build_model(load_config(project / 'configs' / name), 'meta')
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(
        219.9e6, rel=1e-3
    )
    backbone = {k: v for k, v in model.state_dict().items() if 'backbone.' in k}
    assert CONVERTERS['mask2former-d2'](backbone).keys() == backbone.keys()


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='RUN_SLOW is not set')
@pytest.mark.parametrize('name', ['upernet/upernet_dinat-mini', 'fapn/fapn_swin-t'])
def test_learns_four_photographs(name: str, project: Path, taco_root: Path) -> None:
    cfg = load_config(
        project / f'configs/{name}_1xb8-20k_trash-512x512.py', from_scratch=True
    )
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, step = overfit(model, taco_root, size=128, steps=300)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {step} steps'
