"""A small Mask2Former learns four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.config import build_model, load_config

NAME = 'configs/mask2former/mask2former_swin-t_1xb8-20k_trash-512x512.py'


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
def test_overfits_four_photographs(project: Path, taco_root: Path) -> None:
    pytest.importorskip('transformers')
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    cfg = load_config(project / NAME, from_scratch=True)
    cfg.model.backbone.update(
        embed_dims=48, depths=[2] * 4, num_heads=[2, 4, 8, 16], drop_path_rate=0.0
    )
    cfg.model.decode_head.update(
        in_channels=[48, 96, 192, 384],
        channels=128,
        mask_channels=128,
        num_queries=20,
        encoder_layers=2,
        encoder_ffn=256,
        decoder_layers=3,
        decoder_ffn=256,
        num_points=1024,
    )
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, steps = overfit(model, taco_root, size=128, steps=200, lr=5e-4)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
