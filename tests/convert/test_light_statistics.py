"""The input that light networks were trained with shows in their first statistics."""

from pathlib import Path

import cv2
import pytest
import torch

from mmseg_trash.convert import CONVERTERS
from mmseg_trash.models import SMPEncoder

from .light import NAMES, NORMALIZATION, published

pytest.importorskip('segmentation_models_pytorch')

INPUTS = {
    'ImageNet': NORMALIZATION[NAMES[-1]],
    'Lite': NORMALIZATION[NAMES[0]],
    '0 to 1': ([0.0] * 3, [255.0] * 3),
}


@pytest.mark.parametrize('name', NAMES)
def test_first_norm_knows_the_input(name: str, taco_root: Path) -> None:
    """Deviations after the first convolution are the stored ones within a half."""
    family = 'mobilenetv2' if 'mobile' in name else 'efficientnet-lite'
    state = published(name)
    encoder = SMPEncoder(f'tu-{name}').eval()
    encoder.load_state_dict(CONVERTERS[family](state))
    files = sorted(taco_root.rglob('*.jpg'))[:24]
    images = [cv2.resize(cv2.imread(str(f))[..., ::-1], (224, 224)) for f in files]
    pixels = torch.stack([torch.from_numpy(x).float() for x in images])
    conv, norm = encoder.encoder.model.conv_stem, encoder.encoder.model.bn1
    alive = norm.running_var > 1e-3
    off = {}
    for word, (mean, std) in INPUTS.items():
        image = (pixels - torch.tensor(mean)) / torch.tensor(std)
        with torch.no_grad():
            seen = conv(image.permute(0, 3, 1, 2)).std((0, 2, 3))
        ratio = (seen / norm.running_var.sqrt())[alive].log()
        off[word] = float(ratio.median().abs())
    best = min(off, key=off.__getitem__)
    assert INPUTS[best] == NORMALIZATION[name], off
    assert off[best] < 0.25 and sorted(off.values())[1] > 2 * off[best], off
