"""What makes a training fast on processors: memory format, optimiser, workers."""

import os
from collections.abc import Mapping

import torch
from mmengine.config import Config

from .config_file import walk
from .errors import ConfigError

CHANNELS_LAST: dict[str, tuple[float, float]] = {
    # type of the backbone: speed against the usual order in float32 and in bfloat16, by
    # tools/benchmarks/memory_format.py; the least of several heads
    'SMPEncoder': (1.21, 1.39),
    'TrimmedEfficientNet': (1.25, 1.87),
    'MSCAN': (1.17, 1.68),
    'HRNet': (1.08, 1.30),
    'mmpretrain.ConvNeXt': (1.05, 1.13),
    'SDPAMixVisionTransformer': (1.03, 1.07),
    'ResNet': (1.03, 0.98),
    'SDPASwinTransformer': (0.93, 1.08),
}
_FUSED = ('Adam', 'AdamW', 'SGD', 'Adagrad')
_WORTH_IT = 1.05


def wants_channels_last(cfg: Config) -> bool:
    """Return whether a config's network trains faster in ``channels_last``.

    ``cfg.channels_last`` decides where it is True or False. Else the family does, by
    measurement, on a CPU and for mixed precision on a GPU.

    Raises:
        ConfigError: It is something else.
    """
    given = cfg.get('channels_last')
    if given is not None:
        if not isinstance(given, bool):
            raise ConfigError(f'channels_last must be True, False or None, got {given}')
        return given
    wrapper = cfg.get('optim_wrapper') or {}
    mixed = wrapper.get('type', 'OptimWrapper') != 'OptimWrapper'
    if torch.cuda.is_available() and not mixed:
        return False
    backbone = (cfg.get('model') or {}).get('backbone')
    kind = backbone.get('type') if isinstance(backbone, Mapping) else None
    return CHANNELS_LAST.get(str(kind), (1.0, 1.0))[mixed] >= _WORTH_IT


def use_channels_last(cfg: Config) -> None:
    """Add a ``ChannelsLastHook`` to a config where that is wanted, in place."""
    if wants_channels_last(cfg):
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='ChannelsLastHook')]
    cfg.pop('channels_last', None)


def fit_to_processors(cfg: Config) -> None:
    """Fit a config to a machine without a GPU, in place.

    Optimisers update all parameters in one kernel instead of one each, and loaders have
    no more workers than there are processors: the training itself uses them all, and
    more workers would only take them from it.
    """
    if torch.cuda.is_available():
        return
    for node in walk(cfg.get('optim_wrapper') or {}):
        if node.get('type') in _FUSED and 'lr' in node:
            node.setdefault('fused', True)
    most = processors()
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if loader is not None and loader.get('num_workers', 0) > most:
            loader.num_workers = most


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
