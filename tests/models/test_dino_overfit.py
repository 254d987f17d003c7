"""A small EoMT and a small linear head learn four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.config import build_model, load_config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1'
    ),
]
SMALL = dict(embed_dims=192, num_layers=6, num_heads=3)


def learn(cfg: object, root: Path, size: int) -> tuple[float, int]:
    pytest.importorskip('transformers')
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    cfg.model.test_cfg.update(mode='whole')  # type: ignore[attr-defined]
    torch.manual_seed(0)
    model = build_model(cfg, init=True)  # type: ignore[arg-type]
    found: tuple[float, int] = overfit(model, root, size=size, steps=400, lr=5e-4)
    return found


@pytest.mark.parametrize('version, pretrain', [(2, 'lvd142m'), (3, 'lvd1689m')])
def test_eomt(version: int, pretrain: str, project: Path, taco_root: Path) -> None:
    name = f'eomt_dinov{version}-s-{pretrain}_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / 'configs/eomt' / name, from_scratch=True)
    cfg.model.backbone.update(patch_size=8, **SMALL)
    if version == 2:
        cfg.model.backbone.update(img_size=128)
    else:
        cfg.model.backbone.update(rope_rescale=None)
    cfg.model.decode_head.update(in_channels=192, num_queries=20, num_upscales=1)
    accuracy, steps = learn(cfg, taco_root, size=128)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'


def test_linear(project: Path, taco_root: Path) -> None:
    """Over a backbone that learns too: a random one holds nothing to read."""
    name = 'linear_dinov2-s-lvd142m_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / 'configs/linear' / name, from_scratch=True)
    cfg.model.backbone.update(patch_size=4, img_size=64, frozen=False, **SMALL)
    cfg.model.decode_head.update(in_channels=192)
    accuracy, steps = learn(cfg, taco_root, size=64)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
