"""The parameters of DenseCRF, and the sets of them that are known by name."""

import math
from dataclasses import dataclass, fields

from ..errors import ConfigError
from .checks import is_count, is_number


@dataclass(frozen=True)
class CRFParams:
    """Parameters of a fully connected CRF with two Gaussian kernels and a Potts model.

    A weight of 0 leaves its kernel out.

    Attributes:
        iterations: Mean field updates; 0 gives the probabilities back.
        smooth_xy: Standard deviation of the smoothness kernel in pixels.
        smooth_weight: Weight of that kernel.
        bilateral_xy: Standard deviation of the appearance kernel in pixels.
        bilateral_rgb: Its standard deviation in grey levels, of 0..255 in each channel.
        bilateral_weight: Its weight.
        floor: Probabilities below are raised to it before their logarithm is taken.

    Raises:
        ConfigError: A value is out of range.
    """

    iterations: int = 10
    smooth_xy: float = 3.0
    smooth_weight: float = 3.0
    bilateral_xy: float = 80.0
    bilateral_rgb: float = 13.0
    bilateral_weight: float = 10.0
    floor: float = 1e-5

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not is_count(self.iterations):
            raise ConfigError(
                f'CRFParams: iterations must be an integer from 0, '
                f'got {self.iterations!r}'
            )
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            size = value if is_number(value) else math.nan
            if field.name.endswith('weight'):
                good, expected = 0 <= size < math.inf, 'at least 0'
            elif field.name == 'floor':
                good, expected = 0 < size < 1, 'between 0 and 1'
            else:
                good, expected = 0 < size < math.inf, 'above 0'
            if not good:
                raise ConfigError(
                    f'CRFParams: {field.name} must be {expected}, got {value!r}'
                )


PRESETS = {
    # The seed project's: fifty updates, narrow in colour.
    'seed': CRFParams(50, 3, 3, 49, 5, 4),
    # The demonstration of pydensecrf.
    'pydensecrf': CRFParams(10, 3, 3, 80, 13, 10),
    # DeepLabv2 (Chen et al. 2016) on ResNet-101 and on VGG-16.
    'deeplab-resnet': CRFParams(10, 1, 3, 67, 3, 4),
    'deeplab-vgg': CRFParams(10, 2, 2, 65, 3, 4),
}


def crf_preset(name: str) -> CRFParams:
    """Return the parameters known by a name.

    Args:
        name: A key of `PRESETS`.

    Raises:
        ConfigError: There are none of that name; the message lists those there are.
    """
    if name not in PRESETS:
        raise ConfigError(f'no CRF preset {name!r}; there are {", ".join(PRESETS)}')
    return PRESETS[name]
