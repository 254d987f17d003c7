"""What an ablation's config changes, and how a change moves to another config."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..config import load_config
from ..config_name import parse
from ..errors import ConfigError
from ..fileio import atomic_write
from .fingerprint import run_config

BASE_LINE = re.compile(r"^_base_ = '[^']+'$", re.MULTILINE)
PIPELINE = 'train_dataloader.dataset.pipeline'
HOOKS = 'custom_hooks'
AREAS: tuple[tuple[str, str], ...] = (
    # prefix of a dotted key, what is changed; the first that fits counts
    (PIPELINE, 'augmentation'),
    ('train_dataloader.sampler', 'sampling'),
    ('train_dataloader.dataset', 'training data'),
    ('train_dataloader.batch_size', 'batch'),
    ('data_preprocessor.batch_augments', 'augmentation'),
    ('data_preprocessor.type', 'augmentation'),
    ('model.data_preprocessor.batch_augments', 'augmentation'),
    ('model.data_preprocessor.type', 'augmentation'),
    ('optim_wrapper', 'optimiser'),
    ('param_scheduler', 'schedule'),
    ('train_cfg', 'schedule'),
    ('custom_hooks', 'hooks'),
    ('default_hooks', 'hooks'),
    ('model.backbone.init_cfg', 'pretrained weights'),
    ('model.backbone.pretrained', 'pretrained weights'),
    ('model.init_cfg', 'pretrained weights'),
    ('model.pretrained', 'pretrained weights'),
    ('load_from', 'pretrained weights'),
    ('model.backbone', 'backbone'),
    ('model.neck', 'neck'),
    ('val_', 'evaluation'),
    ('test_', 'evaluation'),
    ('data_preprocessor', 'input'),
)

COMPANIONS = {
    'AveragedWeightsHook': 'schedule',
    'CDBHook': 'loss',
    'CopyPasteRefreshHook': 'augmentation',
}
"""Hooks that belong to a change of something else, and to what."""
BESIDE = (HOOKS, 'default_hooks.checkpoint.save_best')
"""Keys that may change with the hooks."""


def find_change(base: Path, tag: str, configs: Path) -> Path:
    """Find the config that shows what a tag changes.

    Args:
        base: The config to change.
        tag: One tag of configs/README.md.
        configs: The folder ``configs``.

    Returns:
        The config that is named as ``base`` with the tag besides; else one whose only
        tag it is, of the same method if there is one, or at least with one decode head
        where ``base`` has one, since a change of a cascade fits no other network.

    Raises:
        ConfigError: No config has this tag alone.
    """
    name = parse(base)
    tags = '-'.join(sorted({*name.tags, tag}))
    batch = r'(_\d+xb\d+)(?:-[a-z][a-z\d-]*?)?(-\d+(?:\.\d)?k_)'
    stem = re.sub(batch, rf'\1-{tags}\2', base.stem)
    sibling = base.with_name(f'{stem}.py')
    if sibling.is_file():
        return sibling
    found = [p for p in sorted(configs.glob('[!_]*/*.py')) if parse(p).tags == (tag,)]
    if not found:
        known = {t for p in configs.glob('[!_]*/*.py') for t in parse(p).tags}
        raise ConfigError(f'{tag}: no config has this tag alone; tags: {sorted(known)}')
    own = [p for p in found if parse(p).method == name.method]
    alike = [] if own else [p for p in found if _cascade(p) == _cascade(base)]
    return (own or alike or found)[0]


def _cascade(path: Path) -> bool:
    return isinstance(load_config(path).model.get('decode_head'), list)


def transplant(change: Path, base: Path, out: Path) -> Path:
    """Write a config that changes ``base`` as another config changes its own base.

    Args:
        change: A config that inherits from one other.
        base: The config to change instead.
        out: The file to write.

    Returns:
        ``out``.

    Raises:
        ConfigError: ``change`` does not inherit from one config.
    """
    text = change.read_text(encoding='utf-8')
    line = f"_base_ = '{base.resolve()}'"
    changed, number = BASE_LINE.subn(lambda _: line, text)
    if number != 1:
        raise ConfigError(f"{change}: expected one line _base_ = './...'")
    with atomic_write(out) as temporary:
        temporary.write_text(changed, encoding='utf-8')
    return out


def differences(one: Config, other: Config) -> dict[str, tuple[Any, Any]]:
    """Compare what the Runner reads of two configs.

    Returns:
        Dotted keys with both values, None for absence. Pipelines are compared whole.
    """
    found: dict[str, tuple[Any, Any]] = {}
    _compare(run_config(one), run_config(other), '', found)
    return found


def _compare(a: Any, b: Any, key: str, found: dict[str, tuple[Any, Any]]) -> None:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for name in sorted({*a, *b}):
            inner = f'{key}.{name}' if key else name
            _compare(a.get(name), b.get(name), inner, found)
    elif a != b:
        found[key] = (a, b)


def area(key: str) -> str:
    """Say which part of a recipe a dotted key belongs to."""
    if 'loss' in key or ('.sampler' in key and key.startswith('model.')):
        return 'loss'
    for prefix, name in AREAS:
        if key.startswith(prefix):
            return name
    return 'head' if key.startswith('model.') else key


def check_change(base: Config, child: Config, tag: str) -> dict[str, Any]:
    """Make sure that a config changes one thing.

    One thing is one area: the loss, one step of the pipeline, the optimiser, ... A hook
    that the area needs may come with it, see :data:`COMPANIONS`.

    Returns:
        The differences, see :func:`differences`.

    Raises:
        ConfigError: Nothing changes, or more than one thing; both are named.
    """
    found = differences(base, child)
    if not found:
        raise ConfigError(f'{tag}: changes nothing')
    areas = {area(key) for key in found}
    if len(areas) == 2 and HOOKS in found:
        alone = all(key in BESIDE for key in found if area(key) == 'hooks')
        old, new = (hooks or [] for hooks in found[HOOKS])
        needed = {COMPANIONS.get(hook['type'], 'hooks') for hook in _unlike(old, new)}
        if alone and needed == areas - {'hooks'}:
            areas = needed
    if len(areas) > 1:
        keys = ', '.join(sorted(found))
        raise ConfigError(
            f'{tag}: changes {len(areas)} things at once ({", ".join(sorted(areas))}): '
            f'{keys}; --allow-many compares it all the same'
        )
    steps = changed_steps(*found[PIPELINE]) if PIPELINE in found else []
    if len(steps) > 1:
        raise ConfigError(
            f'{tag}: changes {len(steps)} steps of the pipeline at once '
            f'({", ".join(steps)}); --allow-many compares it all the same'
        )
    return found


def changed_steps(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Name the steps that one pipeline has and the other lacks.

    A step in the place of another, or of itself with other arguments, is one change.
    """
    gone = [step['type'] for step in old if step not in new]
    come = [step['type'] for step in new if step not in old]
    return sorted(come if len(come) >= len(gone) else gone)


def _unlike(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return what only one of two lists has."""
    return [d for d in old if d not in new] + [d for d in new if d not in old]
