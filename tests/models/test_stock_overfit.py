"""The smallest OCRNet, SegNeXt and SegFormer with its own head learn by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.config import build_model, load_config

OCRNET = 'ocrnet/ocrnet_hrnet-w18_1xb8-20k_trash-512x512.py'
SEGFORMER = 'segformer/segformer_mit-b2_1xb8-h768-20k_trash-512x512.py'
SEGNEXT = 'segnext/segnext_mscan-t_1xb8-20k_trash-512x512.py'


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
@pytest.mark.parametrize('name', [OCRNET, SEGFORMER, SEGNEXT])
def test_overfits_four_photographs(name: str, project: Path, taco_root: Path) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    cfg = load_config(project / 'configs' / name, from_scratch=True)
    if name == SEGFORMER:  # the paper's head on the smallest backbone
        cfg.model.backbone.update(embed_dims=32, num_layers=[2, 2, 2, 2])
        cfg.model.decode_head.update(in_channels=[32, 64, 160, 256])
    if 'drop_path_rate' in cfg.model.backbone:
        cfg.model.backbone.drop_path_rate = 0.0
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, steps = overfit(model, taco_root, size=128, steps=300, lr=5e-4)
    print(f'{name}: {accuracy:.3f} after {steps} steps')
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
