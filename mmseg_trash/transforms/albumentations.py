"""Albumentations: transforms of that library."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS

from ..errors import ConfigError
from ..metainfo import IGNORE_INDEX


@TRANSFORMS.register_module()
class Albumentations(BaseTransform):
    """Run transforms of the albumentations library on image and label maps.

    Differs from mmseg's ``Albu``: what comes in from beyond the image is ignored (the
    library's own default is label 0, Background), label maps are never interpolated,
    ``img_shape`` follows the image, the library sees RGB as it expects, and its random
    numbers follow from ``np.random``, that is from the worker's seed.

    Args:
        transforms: Type and arguments of each transform, by the names of the library;
            ``OneOf``, ``SomeOf`` and ``Sequential`` hold a further list
            ``transforms``.
        ignore_index: Label of what comes in from beyond the image, unless a transform
            has a ``fill_mask`` of its own.

    Raises:
        ConfigError: The library is missing, a type is unknown to it, an argument does
            not fit, or label maps would be interpolated.
    """

    def __init__(
        self, transforms: Sequence[Mapping[str, Any]], ignore_index: int = IGNORE_INDEX
    ) -> None:
        # the library asks its index for a newer version when it is imported
        os.environ.setdefault('NO_ALBUMENTATIONS_UPDATE', '1')
        try:
            import albumentations
        except ImportError as error:
            raise ConfigError(
                'Albumentations needs the library: pip install albumentations==2.0.8'
            ) from error
        self.library = albumentations.__name__
        self.ignore_index = ignore_index
        self.compose = albumentations.Compose(
            [self._build(albumentations, step) for step in transforms]
        )

    def _build(self, library: Any, step: Mapping[str, Any]) -> Any:
        """Build a transform of the library."""
        arguments = dict(step)
        name = arguments.pop('type', None)
        kind = getattr(library, str(name), None)
        if kind is None:
            raise ConfigError(f'albumentations has no transform {name!r}: {step}')
        if arguments.get('mask_interpolation', cv2.INTER_NEAREST) != cv2.INTER_NEAREST:
            raise ConfigError(f'{name}: label maps cannot be interpolated: {step}')
        if 'transforms' in arguments:
            arguments['transforms'] = [
                self._build(library, inner) for inner in arguments['transforms']
            ]
        try:
            built = kind(**arguments)
        except (TypeError, ValueError) as error:
            raise ConfigError(f'albumentations.{name}: {error}') from error
        if getattr(built, 'fill_mask', None) is not None and 'fill_mask' not in step:
            built.fill_mask = self.ignore_index
        return built

    @cache_randomness
    def draw(self) -> int:
        """Draw the seed of the library's random numbers."""
        return int(np.random.randint(2**31))

    def transform(self, results: dict) -> dict:
        """Transform ``img`` and the label maps named in ``seg_fields``.

        Raises:
            ValueError: If the sizes of image and label map differ afterwards.
        """
        self.compose.set_random_seed(self.draw())
        fields = list(results.get('seg_fields', []))
        done = self.compose(
            image=cv2.cvtColor(results['img'], cv2.COLOR_BGR2RGB),
            **(dict(masks=[results[key] for key in fields]) if fields else {}),
        )
        image = cv2.cvtColor(done['image'], cv2.COLOR_RGB2BGR)
        for key, label in zip(fields, done.get('masks', [])):
            if label.shape != image.shape[:2]:
                raise ValueError(
                    f'albumentations made an image of {image.shape[:2]} and {key} of '
                    f'{label.shape}'
                )
            results[key] = np.ascontiguousarray(label)
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        return results
