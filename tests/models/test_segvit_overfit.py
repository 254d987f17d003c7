"""A small SegViT learns four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.config import build_model, load_config

PLAIN = 'configs/segvit/segvit_vit-b-augreg_1xb8-20k_trash-512x512.py'
SHRUNK = 'configs/segvit/segvit_vit-l-augreg_1xb8-shrunk-20k_trash-640x640.py'


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
@pytest.mark.parametrize('name', [PLAIN, SHRUNK])
def test_overfits_four_photographs(name: str, project: Path, taco_root: Path) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    cfg = load_config(project / name, from_scratch=True)
    cfg.model.test_cfg.update(mode='whole')
    small = dict(img_size=(128, 128), patch_size=8, embed_dims=192, num_layers=6)
    small |= dict(num_heads=3, out_indices=(1, 3, 5), drop_path_rate=0.0)
    head = dict(in_channels=192, channels=96, num_heads=3, dropout=0.0)
    if 'neck' in cfg.model:
        small |= dict(out_indices=(1, 5), shrink_at=2)
        cfg.model.neck.update(channels=192, num_heads=3, grid=(16, 16), dropout=0.0)
    cfg.model.backbone.update(small)
    cfg.model.decode_head.update(head)
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, steps = overfit(model, taco_root, size=128, steps=300, lr=5e-4)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
