"""Load a config with what the command line adds, and build a model from it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from torch import nn
from torch.overrides import TorchFunctionMode

from .class_setting import set_classes
from .config_file import read_config, walk
from .errors import ConfigError
from .overrides import check_overrides


def set_data_root(cfg: Config, data_root: str | os.PathLike[str]) -> None:
    """Point every data set of a config to another folder, in place."""
    for node in walk(cfg._cfg_dict):
        if 'data_root' in node:
            node['data_root'] = str(data_root)


def without_pretrained(cfg: Config) -> Config:
    """Switch off every pretrained ``init_cfg`` of a config's model, in place.

    Returns:
        The config itself, for chaining.
    """
    if 'model' not in cfg:
        return cfg
    for node in walk(cfg.model):
        init = node.get('init_cfg')
        if isinstance(init, Mapping) and init.get('type') == 'Pretrained':
            node['init_cfg'] = None
        elif isinstance(init, (list, tuple)):
            node['init_cfg'] = [i for i in init if i.get('type') != 'Pretrained']
        # an older spelling that mmseg still accepts beside init_cfg
        if isinstance(node.get('pretrained'), str):
            node['pretrained'] = None
    return cfg


def set_normalization(cfg: Config) -> None:
    """Hand the mean and deviation that a backbone was trained with to the input.

    A model's base states them as ``normalization = dict(mean=..., std=...)``, RGB in
    [0, 255], when they are not ImageNet's, which the bases of the data sets have. The
    key is taken out, so that a dumped config says it once.

    Raises:
        ConfigError: ``normalization`` is something else.
    """
    given = cfg.pop('normalization', None)
    if given is None:
        return
    if not isinstance(given, Mapping) or set(given) != {'mean', 'std'}:
        raise ConfigError(f'normalization must be dict(mean=..., std=...), got {given}')
    inner = cfg.model.get('data_preprocessor')
    for node in (cfg.get('data_preprocessor'), inner):
        if node is not None:
            node.update(given)


def load_config(
    path: str | os.PathLike[str],
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | os.PathLike[str] | None = None,
    fold: str | int | None = None,
    from_scratch: bool = False,
) -> Config:
    """Read a config file and apply what the command line says.

    Args:
        path: A Python config file; a config that a run dumped into its work_dir too.
        cfg_options: Dotted keys and values to merge, as ``--cfg-options`` gives them.
        data_root: Folder of the data, in place of ``TRASH_DATA_ROOT`` and the default.
        fold: Number of the fold; None keeps what the config (or ``FOLD``) says.
        from_scratch: Switch off all pretrained weights.

    Returns:
        The config, with the package's types registered.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: The file cannot be read as a config, an option's key is misspelt,
            the config was dumped with another fold, or its classes disagree.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such config file')
    root = None if data_root is None else str(data_root)
    number = None if fold is None else str(fold)
    cfg = read_config(file, root, number)
    if not isinstance(cfg.get('model'), dict):
        raise ConfigError(f'{file}: defines no model; is it one of the _base_ files?')
    set_normalization(cfg)
    if root is not None:
        set_data_root(cfg, root)
    if number is not None and str(cfg.get('fold', '')) != number:
        raise ConfigError(
            f'{file}: was written with fold {cfg.get("fold", "")!r} and cannot be '
            f'moved to fold {number}; start from the config in configs/'
        )
    if cfg_options:
        check_overrides(cfg._cfg_dict, cfg_options)
        cfg.merge_from_dict(dict(cfg_options))
    set_classes(cfg, cfg_options)
    return without_pretrained(cfg) if from_scratch else cfg


def num_classes(cfg: Config) -> int:
    """Return the number of classes that a config's model predicts.

    Raises:
        ConfigError: No decode head has ``num_classes``, or those of a cascade differ.
    """
    head = cfg.model.get('decode_head')
    heads = head if isinstance(head, (list, tuple)) else [head]
    found = [
        h['num_classes'] for h in heads if isinstance(h, Mapping) and 'num_classes' in h
    ]
    if not found:
        raise ConfigError('model.decode_head.num_classes is not set in the config')
    if len(set(found)) > 1:
        raise ConfigError(
            f'model.decode_head: its heads differ in num_classes: {found}'
        )
    return int(found[0])


class _DropRatesOnCpu(TorchFunctionMode):
    """Keep ``torch.linspace`` on the CPU while a model is built on the meta device.

    Backbones read their rates of stochastic depth out of such a tensor.
    """

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.linspace:
            kwargs.setdefault('device', 'cpu')
        return func(*args, **kwargs)


def build_model(
    cfg: Config, device: str | torch.device | None = None, init: bool = False
) -> nn.Module:
    """Build a config's model outside of a Runner.

    The Runner puts the top-level ``data_preprocessor`` into the model; so does this.

    Args:
        cfg: A config as :func:`load_config` gives it; it is not changed.
        device: Where the model shall stand; ``'meta'`` builds without memory. None
            leaves it on the CPU.
        init: Run the ``init_weights`` of all modules (reads pretrained weights).

    Returns:
        The model in training mode.
    """
    from mmengine.registry import init_default_scope
    from mmseg.registry import MODELS

    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model_cfg = ConfigDict(cfg.model.to_dict())
    if cfg.get('data_preprocessor') is not None:
        model_cfg.setdefault('data_preprocessor', cfg.data_preprocessor.to_dict())
    if str(device) == 'meta':
        with torch.device('meta'), _DropRatesOnCpu():
            return MODELS.build(model_cfg)
    model = MODELS.build(model_cfg)
    if init:
        model.init_weights()
    return model if device is None else model.to(device)


def build_dataset(cfg: Mapping[str, Any]) -> Any:
    """Build a data set from its dict (of a dataloader or ``predict_dataset``)."""
    from mmengine.registry import init_default_scope
    from mmseg.registry import DATASETS

    from . import datasets  # noqa: F401  registers them; a config does so by itself

    init_default_scope('mmseg')
    return DATASETS.build(ConfigDict(cfg))
