"""A trained model's config for any machine: what predicts and scores, nothing else."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import PurePath
from typing import Any

from mmengine.config import Config

from ..config import without_pretrained
from ..config_file import DATA_ROOT_VARIABLE, walk
from ..errors import ConfigError

DATA_ROOT = f'{{{{${DATA_ROOT_VARIABLE}:data/trash}}}}'
"""Stands for the folder of the data, as in the bases of the data sets."""

KEPT = (
    'default_scope',
    'custom_imports',
    'env_cfg',
    'sync_bn',
    'default_hooks',
    'visualizer',
    'log_level',
    'log_processor',
    'randomness',
    'crop_size',
    'data_preprocessor',
    'model',
    'predict_dataset',
    'test_dataloader',
    'test_evaluator',
    'test_cfg',
    'val_dataloader',
    'val_evaluator',
    'val_cfg',
    'tta_model',
    'tta_pipeline',
)
_HOOKS = ('timer', 'logger', 'sampler_seed', 'visualization')
_LOCAL = ('cache_dir', 'indices', 'image_cache')
_WIDTH = 88
_ADDRESS = re.compile(r'^(/|~|[A-Za-z]:[\\/]|\w[\w+.-]*://)')


def portable_config(cfg: Config) -> dict[str, Any]:
    """Return what of a config predicts and scores, without a trace of its machine.

    Training, trackers, hooks, provenance, folders and addresses of pretrained weights
    are left out, and so are auxiliary heads and losses, which prediction does not use.

    Args:
        cfg: The config; it is not changed.

    Returns:
        Plain values by top-level key.

    Raises:
        ConfigError: It has no ``predict_dataset``, or a path or an address is left.
    """
    if not cfg.get('predict_dataset'):
        raise ConfigError(f'{cfg.filename}: the config has no predict_dataset')
    whole = without_pretrained(deepcopy(cfg)).to_dict()
    kept = {key: whole[key] for key in KEPT if whole.get(key) is not None}
    imports = kept.get('custom_imports', {}).get('imports', [])
    if imports:
        own = [name for name in imports if name.startswith('mmseg_trash.')]
        kept['custom_imports']['imports'] = own
    hooks = kept.pop('default_hooks', {})
    kept['default_hooks'] = {key: hooks[key] for key in _HOOKS if key in hooks}
    if 'visualizer' in kept:
        kept['visualizer'] = dict(
            type=kept['visualizer']['type'], vis_backends=[dict(type='LocalVisBackend')]
        )
    _plain_model(kept['model'])
    for node in walk(kept):
        if 'data_root' in node:
            node['data_root'] = DATA_ROOT
        for key in _LOCAL:
            node.pop(key, None)
        for key in ('ann_file', 'subset'):
            if PurePath(str(node.get(key, ''))).is_absolute():
                node[key] = PurePath(node[key]).name
    for where, text in _strings(kept):
        if _ADDRESS.match(text):
            raise ConfigError(f'{where}: {text!r} is an address or a path of a machine')
    return {key: kept[key] for key in KEPT if key in kept}


def _plain_model(model: dict[str, Any]) -> None:
    """Take out of a model, in place, what training alone needs."""
    model.pop('auxiliary_head', None)
    heads = model.get('decode_head')
    for head in heads if isinstance(heads, (list, tuple)) else [heads]:
        if isinstance(head, dict) and 'loss_decode' in head:
            head['loss_decode'] = [dict(type='CrossEntropyLoss', loss_weight=1.0)]
    for node in walk(model):
        for key in ('init_cfg', 'pretrained'):
            if not node.get(key, True):
                del node[key]


def _strings(node: Any, where: str = '') -> Iterator[tuple[str, str]]:
    """Yield every string with its dotted key."""
    if isinstance(node, str):
        yield where, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _strings(value, f'{where}.{key}' if where else str(key))
    elif isinstance(node, (list, tuple)):
        for place, value in enumerate(node):
            yield from _strings(value, f'{where}.{place}')


def config_text(content: Mapping[str, Any], title: str) -> str:
    """Write a config as Python that mmengine reads, in the style of the house.

    Args:
        content: Plain values by top-level key.
        title: First line, a comment.

    Returns:
        The text; a value that stands twice is named the second time.
    """
    lines = [f'# {title}']
    seen: list[tuple[str, Any]] = []
    for key, value in content.items():
        same = [k for k, v in seen if v == value and isinstance(v, dict) and v]
        lines.append(f'{key} = {same[0] if same else _text(value, len(key) + 3, 0)}')
        seen.append((key, value))
    return '\n'.join(lines) + '\n'


def _text(value: Any, before: int, indent: int) -> str:
    """Write a value; ``before`` columns of its first line are taken."""
    if not isinstance(value, (dict, list, tuple)) or not value:
        return 'dict()' if value == {} else repr(value)
    named = isinstance(value, dict) and all(
        isinstance(key, str) and key.isidentifier() for key in value
    )
    if isinstance(value, dict):
        heads = [f'{key}=' if named else f'{key!r}: ' for key in value]
        items: list[Any] = [*value.values()]
    else:
        heads, items = [''] * len(value), [*value]
    left, right = ('dict(', ')') if named else _BRACKETS[type(value)]
    flat = [head + _text(item, 0, -_WIDTH) for head, item in zip(heads, items)]
    comma = ',' if isinstance(value, tuple) and len(value) == 1 else ''
    line = f'{left}{", ".join(flat)}{comma}{right}'
    if indent < 0 or before + len(line) + 1 <= _WIDTH:
        return line
    inner = indent + 4
    parts = [
        f'{" " * inner}{head}{_text(item, inner + len(head), inner)},'
        for head, item in zip(heads, items)
    ]
    return '\n'.join([left, *parts, ' ' * indent + right])


_BRACKETS = {dict: ('{', '}'), list: ('[', ']'), tuple: ('(', ')')}
