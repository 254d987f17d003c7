"""Refuse misspelt keys of ``--cfg-options`` before anything runs."""

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from .errors import ConfigError

# Keys that mmengine reads from dicts that carry no ``type``.
_UNTYPED: dict[str, frozenset[str]] = {
    'env_cfg': frozenset({'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}),
    'mp_cfg': frozenset({'mp_start_method', 'opencv_num_threads'}),
    'dist_cfg': frozenset({'backend', 'timeout', 'init_backend'}),
    'randomness': frozenset({'seed', 'deterministic', 'diff_rank_seed'}),
    'auto_scale_lr': frozenset({'enable', 'base_batch_size'}),
    'clip_grad': frozenset({'type', 'max_norm', 'max_value', 'norm_type'}),
    'paramwise_cfg': frozenset(
        {
            'base_total_batch',
            'bias_decay_mult',
            'bias_lr_mult',
            'bypass_duplicate',
            'custom_keys',
            'dcn_offset_lr_mult',
            'decay_rate',
            'decay_type',
            'dwconv_decay_mult',
            'flat_decay_mult',
            'norm_decay_mult',
            'num_layers',
        }
    ),
    'default_hooks': frozenset(
        {
            'checkpoint',
            'logger',
            'param_scheduler',
            'runtime_info',
            'sampler_seed',
            'timer',
            'visualization',
        }
    ),
}
# The types that mmengine builds where a dict names none.
_DEFAULT_TYPES = {'log_processor': 'LogProcessor', 'optim_wrapper': 'OptimWrapper'}
_FREE = frozenset({'custom_keys', 'meta_keys', 'metainfo', 'data_prefix'})
_TOP_LEVEL = frozenset(
    {
        'channels_last',
        'classes',
        'compile',
        'custom_hooks',
        'custom_imports',
        'find_unused_parameters',
        'load_from',
        'model_wrapper_cfg',
        'resume',
        'sync_bn',
        'work_dir',
    }
)


def _resolve(name: str) -> Any:
    """Return the class that any registry of the stack knows under ``name``."""
    from mmengine.registry import Registry
    from mmseg import registry as registries

    for registry in vars(registries).values():
        if isinstance(registry, Registry):
            found = registry.get(name)
            if found is not None:
                return found
    return None


def _parameters(target: Any) -> tuple[set[str], bool]:
    """Return the keyword names of a class or function, and whether it takes any.

    ``**kwargs`` is followed up the base classes, since mm-style classes hand their
    keyword arguments to their parents.
    """
    names: set[str] = set()
    chain = target.__mro__ if inspect.isclass(target) else (target,)
    for link in chain:
        call = link.__dict__.get('__init__') if inspect.isclass(link) else link
        if call is None:
            continue
        if call is object.__init__:
            return names, False
        try:
            parameters = inspect.signature(call).parameters.values()
        except (TypeError, ValueError):
            return names, True
        names |= {
            p.name
            for p in parameters
            if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name != 'self'
        }
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names, False
    return names, True


def _allowed(node: Mapping[str, Any], name: str, top: bool) -> tuple[set[str], bool]:
    """Return the keys that a dict may get besides its own, and whether any will do."""
    if top:
        return set(_TOP_LEVEL), False
    if name in _FREE:
        return set(), True
    if name in _UNTYPED:
        return set(_UNTYPED[name]), False
    if name.endswith('dataloader'):
        from torch.utils.data import DataLoader

        return _parameters(DataLoader)[0], False
    kind = node.get('type')
    if kind is None:
        kind = _DEFAULT_TYPES.get(name)
    if name == 'optim_wrapper':
        names, anything = _parameters(_resolve(kind) if isinstance(kind, str) else kind)
        return names | {'paramwise_cfg', 'constructor', 'type'}, anything
    if kind is None:
        return set(), not any(value is not None for value in node.values())
    target = _resolve(kind) if isinstance(kind, str) else kind
    if target is None:
        return set(), True
    names, anything = _parameters(target)
    return names | {'type', 'init_cfg'}, anything


def _check(cfg: Any, key: str, options: Mapping[str, Any]) -> None:
    """Raise when one dotted key leads nowhere."""
    node: Any = cfg
    name = ''
    parts = key.split('.')
    for depth, part in enumerate(parts):
        where = '.'.join(parts[:depth])
        if isinstance(node, Mapping):
            if part not in node:
                # another option may give this dict another type
                node = {**node, 'type': options.get(f'{where}.type', node.get('type'))}
                extra, anything = _allowed(node, name, top=depth == 0)
                if anything or part in extra:
                    return
                known = sorted({*map(str, node), *extra})
                close = difflib.get_close_matches(part, known, n=3)
                hint = f'did you mean {" or ".join(close)}?' if close else ''
                hint = hint or f'known keys: {", ".join(known)}'
                inside = f'{where} has' if where else 'the config has'
                raise ConfigError(f'--cfg-options {key}: {inside} no {part!r}; {hint}')
            node, name = node[part], part
        elif isinstance(node, (list, tuple)):
            if not part.isdigit() or int(part) >= len(node):
                raise ConfigError(
                    f'--cfg-options {key}: {where} is a list of {len(node)}, '
                    f'so {part!r} should be a number from 0 to {len(node) - 1}'
                )
            node, name = node[int(part)], ''
        elif node is None:
            return
        else:
            raise ConfigError(
                f'--cfg-options {key}: {where} is {node!r}, which has nothing inside'
            )


def check_overrides(cfg: Any, options: Mapping[str, Any]) -> None:
    """Check that every dotted key names something that the config or its types know.

    A key is accepted when it stands in the config already, or when the dict that it
    would enter has a ``type`` whose constructor takes it.

    Args:
        cfg: The config before merging.
        options: Dotted keys (list positions as numbers) and their values.

    Raises:
        ConfigError: A key leads nowhere; the message suggests close ones.
    """
    for key in options:
        _check(cfg, key, options)
