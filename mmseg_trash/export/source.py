"""What an export takes from a config and its checkpoint."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from ..config import num_classes
from ..datasets.palettes import complete_palette
from ..errors import ConfigError
from ..metainfo import METAINFO, METAINFO_COHORT1


def dataset_meta(cfg: Config, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return ``classes`` and ``palette`` of a checkpoint, else of its config.

    Args:
        cfg: The config.
        found: ``dataset_meta`` of a checkpoint, if it has one.

    Raises:
        ConfigError: Their number is not that of the model's classes.
    """
    test = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    ours = METAINFO_COHORT1 if test.get('unknown') == 'class' else METAINFO
    sources = (found, test.get('metainfo'), ours)
    meta = complete_palette(next(s for s in sources if s and s.get('classes')))
    count = num_classes(cfg)
    if len(meta['classes']) != count:
        raise ConfigError(
            f'model.decode_head.num_classes is {count}, but there are '
            f'{len(meta["classes"])} class names'
        )
    return dict(
        classes=[str(name) for name in meta['classes']],
        palette=[[int(c) for c in colour] for colour in meta['palette']],
    )


def resize_rule(cfg: Config) -> tuple[tuple[int, int] | None, bool, int]:
    """Return how a config's ``predict_dataset`` resizes.

    Returns:
        Of ``Resize``: (long, short) and whether the ratio is kept; the divisor of a
        ``ResizeToMultiple`` behind it, else 1.

    Raises:
        ConfigError: Its pipeline changes images in ways that a runtime cannot repeat.
    """
    pipeline = (cfg.get('predict_dataset') or {}).get('pipeline') or []
    scale, ratio, divisor = None, True, 1
    for step in pipeline:
        kind = step['type']
        if (
            divisor == 1
            and kind == 'ResizeToMultiple'
            and not step.get('interpolation')
        ):
            divisor = int(step.get('size_divisor', 32))
        elif kind == 'Resize' and scale is None and divisor == 1 and step.get('scale'):
            long, short = (int(side) for side in step['scale'])
            ratio = bool(step.get('keep_ratio', False))
            scale = (max(long, short), min(long, short)) if ratio else (long, short)
        elif not kind.startswith('Load') and not kind.endswith('PackSegInputs'):
            raise ConfigError(
                f'predict_dataset.pipeline: {kind} cannot go into an exported file'
            )
    return scale, ratio, divisor
