"""Light encoders under smp's decoders are smp's own networks."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.metainfo import NUM_CLASSES

smp = pytest.importorskip('segmentation_models_pytorch')

ARCHS = dict(
    deeplabv3plus='deeplabv3plus', pan='pan', smpfpn='fpn', unet='unet',
    unetplusplus='unetplusplus',
)  # fmt: skip
ENCODERS = {
    'efficientnet-lite0': 'tu-tf_efficientnet_lite0',
    'efficientnet-lite1': 'tu-tf_efficientnet_lite1',
    'efficientnet-lite2': 'tu-tf_efficientnet_lite2',
    'mobilenetv2-100': 'tu-mobilenetv2_100',
}
# Of smp 0.6.0's `create_model('fpn', ..., encoder_weights=None, classes=11)`.
PARAMETERS = {
    ('smpfpn', 'efficientnet-lite0'): 4_712_075,
    ('smpfpn', 'mobilenetv2-100'): 3_558_795,
}


def randomised(model: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    for name, value in model.state_dict().items():
        if value.dim() == 1 and value.is_floating_point():
            low = 0.5 if name.endswith(('weight', 'var')) else -0.2
            nn.init.uniform_(value, low, low + 1)
    return model.eval()


@pytest.mark.parametrize('encoder', ENCODERS)
@pytest.mark.parametrize('method', ARCHS)
def test_configs_are_smps_networks(method: str, encoder: str, project: Path) -> None:
    """As many parameters, and the same logits, from the weights that smp calls its."""
    torch.manual_seed(0)
    theirs: Any = randomised(
        smp.create_model(
            ARCHS[method],
            encoder_name=ENCODERS[encoder],
            encoder_weights=None,
            classes=NUM_CLASSES,
        )
    )
    name = f'{method}_{encoder}_1xb8-20k_trash-512x512.py'
    cfg = load_config(project / 'configs' / method / name, from_scratch=True)
    cfg.model.decode_head.align_corners = True  # as smp enlarges
    ours = build_model(cfg).eval()
    total = sum(p.numel() for p in ours.parameters())
    assert total == sum(p.numel() for p in theirs.parameters())
    assert total == PARAMETERS.get((method, encoder), total)
    ours.load_state_dict(CONVERTERS['smp'](theirs.state_dict()))
    image = torch.randn(1, 3, 128, 160)
    meta = dict(img_shape=(128, 160), ori_shape=(128, 160), pad_shape=(128, 160))
    with torch.no_grad():
        expected, found = theirs(image), ours.inference(image, [meta])
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
