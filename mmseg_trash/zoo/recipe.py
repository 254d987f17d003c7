"""A config's optimiser and schedule in a few words."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

SHAPES = dict(
    ConstantLR='constant',
    CosineAnnealingLR='cosine',
    CosineRestartLR='cosine with restarts',
    MultiStepLR='steps',
    OneCycleLR='one cycle',
    PolyLR='poly',
    PolyLRRatio='poly',
)


def recipe(cfg: Config) -> str:
    """Say how a config trains.

    Args:
        cfg: A loaded config with an optimiser and a schedule.

    Returns:
        For instance ``AdamW 1e-4, decay .05, backbone x.1, clip .01, poly``.
    """
    wrapper = cfg.optim_wrapper
    optimizer = wrapper.optimizer
    parts = [f'{optimizer.type} {_short(optimizer.lr)}']
    if optimizer.get('weight_decay'):
        parts.append(f'decay {_short(optimizer.weight_decay)}')
    groups = wrapper.get('paramwise_cfg') or {}
    if 'decay_rate' in groups:
        kind = 'stage' if groups.get('decay_type') == 'stage_wise' else 'layer'
        parts.append(f'{kind} decay {_short(groups["decay_rate"])}')
    parts += _factors(groups)
    if wrapper.get('clip_grad'):
        parts.append(f'clip {_short(wrapper.clip_grad.max_norm)}')
    for step in cfg.param_scheduler:
        if step.type == 'LinearLR':
            parts.append(f'warm-up {step.end}')
        else:
            parts.append(SHAPES.get(step.type, step.type))
    return ', '.join(parts)


def _factors(groups: Mapping[str, Any]) -> list[str]:
    factors = []
    if 'backbone_lr_mult' in groups:
        factors.append(f'backbone x{_short(groups["backbone_lr_mult"])}')
    for key, value in (groups.get('custom_keys') or {}).items():
        if value.get('lr_mult', 1) != 1:
            factors.append(f'{key.strip(".")} x{_short(value["lr_mult"])}')
    return factors


def _short(number: float) -> str:
    """Write a number as the tables do: ``.05``, ``6e-5``, ``1``."""
    if 0 < number < 1e-2:
        mantissa, exponent = f'{number:.2e}'.split('e')
        return f'{float(mantissa):g}e{int(exponent)}'
    return f'{number:g}'.removeprefix('0') or '0'
