"""UPerNet on ConvNeXt and BEiT, and K-Net, learn four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch
from mmengine.config import ConfigDict

from mmseg_trash.config import build_model, load_config


def convnext(model: ConfigDict) -> None:
    """Make it shallow."""
    model.backbone.arch = dict(depths=[2, 2, 2, 2], channels=[96, 192, 384, 768])
    model.decode_head.channels = 128


def beit(model: ConfigDict) -> None:
    """Give small images enough patches, and scratch a start that it can leave."""
    model.backbone.update(img_size=(128, 128), patch_size=8, embed_dims=192)
    model.backbone.update(num_layers=6, num_heads=3, out_indices=(1, 2, 3, 5))
    model.backbone.init_values = 1.0
    model.neck.embed_dim = 192
    model.decode_head.update(in_channels=[192] * 4, channels=128)
    model.auxiliary_head.in_channels = 192
    model.test_cfg = dict(mode='whole')


def k_net(model: ConfigDict) -> None:
    """Make it narrow; all three stages stay."""
    head = model.decode_head
    head.kernel_generate_head.channels = 128
    head.kernel_update_head.update(
        in_channels=128, out_channels=128, feedforward_channels=512
    )
    head.kernel_update_head.kernel_updator_cfg.update(
        in_channels=64, feat_channels=64, out_channels=64
    )
    assert head.num_stages == 3


CASES = {
    'upernet/upernet_convnext-t_1xb8': convnext,
    'upernet/upernet_beit-b-in22k_1xb8': beit,
    'knet/knet_swin-t_1xb8': k_net,
}


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
@pytest.mark.parametrize('stem', list(CASES))
def test_overfits_four_photographs(stem: str, project: Path, taco_root: Path) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    leaf = project / f'configs/{stem}-20k_trash-512x512.py'
    cfg = load_config(leaf, from_scratch=True)
    cfg.model.backbone.drop_path_rate = 0.0
    CASES[stem](cfg.model)
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    accuracy, steps = overfit(model, taco_root, size=128, steps=300, lr=3e-4)
    assert accuracy >= 0.9, f'{accuracy:.3f} after {steps} steps'
    print(f'{stem}: {accuracy:.3f} after {steps} steps')
