"""The smallest segmentors on EfficientNet learn four photographs by heart."""

import os
import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from mmseg_trash.config import build_model, load_config


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
@pytest.mark.parametrize(
    'method', ['unetplusplus', 'unet', 'smpfpn', 'pan', 'deeplabv3plus', 'bifpn']
)
def test_overfits_four_photographs(
    method: str, project: Path, taco_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overfit = runpy.run_path(str(Path(__file__).with_name('overfit.py')))['overfit']
    name = f'{method}_efficientnet-b0_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / 'configs' / method / name, from_scratch=True)
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1  # .01 would need hundreds of steps
    accuracy, steps = overfit(model, taco_root, size=128, steps=300, lr=1e-3)
    with capsys.disabled():
        print(f'\n{method}: {accuracy:.3f} after {steps} steps')
    assert accuracy >= 0.9
