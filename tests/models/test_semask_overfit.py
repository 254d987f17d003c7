"""SeMask-FPN on Swin-T learns four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.config import build_model, load_config

NAME = 'configs/fpn/fpn_semaskswin-t_1xb8-20k_trash-512x512.py'


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
def test_overfits_four_photographs(project: Path, taco_root: Path) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    cfg = load_config(project / NAME, from_scratch=True)
    cfg.model.backbone.drop_path_rate = 0.0
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, steps = overfit(model, taco_root, size=128, steps=200, lr=3e-4)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
