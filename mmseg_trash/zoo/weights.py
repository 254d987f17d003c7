"""Where a config's pretrained weights come from, and under which licence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config_file import walk
from ..errors import ConfigError

LICENCES: dict[str, tuple[str, str]] = {
    # pattern in the address: whose weights, licence of the weights
    r'/mit_b\d': ('SegFormer', 'NVIDIA, non-commercial'),
    r'/swin_|/swin-': ('Swin', 'MIT'),
    r'/convnext': ('ConvNeXt', 'MIT'),
    r'/beit': ('BEiT', 'MIT'),
    r'/dinat_': ('DiNAT', 'MIT'),
    r'/vit_(base|large)_p16': ('ViT, AugReg', 'Apache-2.0'),
    r'torchvision://resnet|/resnet': ('ResNet, torchvision', 'BSD-3-Clause'),
    r'/hrnetv2_|msra/hrnetv2': ('HRNet', 'MIT'),
    r'/mscan_': ('SegNeXt', 'Apache-2.0'),
    r'efficientnet-lite': ('EfficientNet-Lite', 'Apache-2.0'),
    r'efficientnet': ('EfficientNet', 'Apache-2.0'),
    r'/mobilenetv2': ('MobileNetV2', 'MIT'),
    r'/dinov2|dinov2_': ('DINOv2', 'Apache-2.0'),
    r'/dinov3|dinov3_': ('DINOv3', 'DINOv3 License'),
}
"""Under which licence the authors give their weights; ImageNet has terms of its own."""


@dataclass(frozen=True)
class Weights:
    """Pretrained weights of a backbone.

    Attributes:
        address: Where the config finds them.
        origin: Whose they are.
        licence: Under which licence.
    """

    address: str
    origin: str
    licence: str

    @property
    def link(self) -> str:
        """A Markdown link where the address is one of the web."""
        if self.address.startswith('https://'):
            return f'[{self.origin}]({self.address})'
        return self.origin


def weights(model: Mapping[str, Any]) -> Weights | None:
    """Return the pretrained weights that a model's config names.

    Args:
        model: The config's ``model``.

    Returns:
        The first that is found, the backbone's before the others'; None for none.

    Raises:
        ConfigError: Nothing is known about their licence.
    """
    nodes = [*walk(model.get('backbone', {})), *walk(model)]
    for node in nodes:
        found = node.get('init_cfg')
        for init in found if isinstance(found, (list, tuple)) else [found]:
            address = init.get('checkpoint') if isinstance(init, Mapping) else None
            if address:
                return describe(str(address))
        if isinstance(node.get('pretrained'), str):
            return describe(node['pretrained'])
    return None


def describe(address: str) -> Weights:
    """Look up whose weights lie at an address.

    Raises:
        ConfigError: Nothing is known about their licence.
    """
    for pattern, (origin, licence) in LICENCES.items():
        if re.search(pattern, address):
            return Weights(address, origin, licence)
    raise ConfigError(
        f'{address}: no licence is known for these weights; '
        'add them to mmseg_trash/zoo/weights.py'
    )
