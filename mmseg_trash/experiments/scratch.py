"""The change of a base that leaves out its pretrained weights."""

from pathlib import Path
from typing import Any

from ..config import load_config
from ..config_name import parse
from ..errors import ConfigError
from ..fileio import atomic_write
from .changes import differences

SCRATCH = 'scratch'
"""The word of a config's name for no pretrained weights; it is no tag."""


def scratch_config(base: Path, out: Path) -> Path:
    """Find or write the config that trains a base without pretrained weights.

    Args:
        base: The config with pretrained weights.
        out: The file to write, which inherits from ``base``, if no config beside it is
            named as ``base`` with ``scratch`` for its pretraining.

    Returns:
        The sibling or ``out``.

    Raises:
        ConfigError: ``base`` has no pretrained weights.
    """
    found = differences(load_config(base), load_config(base, from_scratch=True))
    if not found:
        raise ConfigError(f'{SCRATCH}: {base} has no pretrained weights to leave out')
    sibling = base.with_name(f'{scratch_stem(base)}.py')
    if sibling.is_file():
        return sibling
    changes: dict[str, Any] = {}
    for key, (_, new) in found.items():
        *parents, last = key.split('.')
        node = changes
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = new
    lines = [f"_base_ = '{base.resolve()}'"]
    lines += [f'{name} = {value!r}' for name, value in changes.items()]
    with atomic_write(out) as temporary:
        temporary.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return out


def scratch_stem(base: Path) -> str:
    """Return a config's name with ``scratch`` for what it was pretrained on."""
    name = parse(base)
    network = f'{name.method}_{name.backbone}-{name.size}'
    rest = base.stem.removeprefix(network).removeprefix(f'-{name.pretrain}')
    return f'{network}-{SCRATCH}{rest}'
