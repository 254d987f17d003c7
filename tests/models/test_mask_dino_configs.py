"""MaskDINO's registered head and its configs."""

import os
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmseg.registry import MODELS

from mmseg_trash.config import build_model, load_config
from mmseg_trash.models import MaskDINOHead

CONFIGS = Path(__file__).parents[2] / 'configs' / 'maskdino'
SWIN = 'maskdino_swin-l-w12-384-in22k_1xb8{}-20k_trash-640x640.py'


def build(file: str, **head: Any) -> Any:
    cfg = load_config(CONFIGS / file, from_scratch=True)
    cfg.model.decode_head.update(head)
    return build_model(cfg, 'meta')


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameters() -> None:
    """The authors name 223 M for the panoptic Swin-L of COCO."""
    two = build(SWIN.format('-twostage'), num_classes=133)
    assert parameters(two) == pytest.approx(223e6, rel=0.005)
    small = build('maskdino_resnet-50_1xb8-20k_trash-512x512.py')
    assert isinstance(small.decode_head, MaskDINOHead)
    assert parameters(small) == 43_794_112
    assert parameters(build(SWIN.format(''))) == 215_241_524
    # Equal heads but for the projections of the backbone's four maps.
    assert parameters(small.decode_head.predictor) == parameters(
        build(SWIN.format('')).decode_head.predictor
    )


def test_round_trip_of_the_state_dict() -> None:
    options = dict(type='MaskDINOHead', in_channels=[8, 8, 8, 8], num_classes=5)
    options |= dict(channels=32, num_heads=4, encoder_layers=1, decoder_layers=1)
    torch.manual_seed(0)
    one, other = MODELS.build(options).eval(), MODELS.build(options).eval()
    maps = [torch.randn(1, 8, s, s) for s in (16, 8, 4, 2)]
    with torch.no_grad():
        assert not torch.equal(one(maps)[1][0], other(maps)[1][0])
        other.load_state_dict(one.state_dict())
        assert torch.equal(one(maps)[1][0], other(maps)[1][0])
    assert set(one.state_dict()) == {n for n, _ in one.named_parameters()}


@pytest.mark.parametrize('options, message', [
    (dict(in_channels=[8, 8]), r'\[8, 8\]'),
    (dict(num_queries=0), '0'),
    (dict(denoising_queries=-1), '-1'),
    (dict(noise_scale=1.5), '1.5'),
    (dict(classification='bce'), 'bce'),
    (dict(num_points=0), '0'),
    (dict(loss_weights=dict(cls=1)), 'giou'),
])  # fmt: skip
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    base = dict(type='MaskDINOHead', in_channels=[8, 8, 8, 8], num_classes=5)
    with pytest.raises(ValueError, match=message):
        MODELS.build(base | options)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='set RUN_SLOW=1')
def test_overfits_four_photographs(taco_root: Path) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    torch.manual_seed(0)
    cfg = load_config(
        CONFIGS / 'maskdino_resnet-50_1xb8-20k_trash-512x512.py', from_scratch=True
    )
    norm = dict(type='BN', requires_grad=True)  # nothing to keep without weights
    cfg.model.backbone.update(depth=18, norm_eval=False, norm_cfg=norm)
    cfg.model.decode_head.update(
        in_channels=[64, 128, 256, 512],
        num_queries=20,
        denoising_queries=20,
        encoder_layers=2,
        decoder_layers=3,
        num_points=1024,
    )
    accuracy, steps = overfit(build_model(cfg, init=True), taco_root, every=10)
    assert accuracy >= 0.9, steps
