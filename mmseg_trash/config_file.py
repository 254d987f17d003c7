"""Read a config file with the data root and the fold that the command line names."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger

from .errors import ConfigError

DATA_ROOT_VARIABLE = 'TRASH_DATA_ROOT'
FOLD_VARIABLE = 'FOLD'
_STAND_IN = 'THE_DATA_ROOT_STANDS_HERE'


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every dict inside nested dicts, lists and tuples, the outermost first."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from walk(value)


@contextmanager
def _environment(**variables: str | None) -> Iterator[None]:
    """Set environment variables (None: leave as is) while a config is read.

    mmengine would log their values, of which one is a stand-in.
    """
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    old = {name: os.environ.get(name) for name in variables}
    os.environ.update({k: v for k, v in variables.items() if v is not None})
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in old.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _replaced(node: Any, old: str, new: str) -> Any:
    """Replace a text in all strings inside dicts (in place), lists and tuples."""
    if isinstance(node, str):
        return node.replace(old, new)
    if isinstance(node, dict):
        for key, value in node.items():
            node[key] = _replaced(value, old, new)
    elif isinstance(node, (list, tuple)):
        return type(node)(_replaced(value, old, new) for value in node)
    return node


def read_config(file: Path, root: str | None, fold: str | None) -> Config:
    """Read a config file.

    mmengine pastes the variables into the config's source before it runs it. A folder's
    name must not become code there, so a stand-in is pasted and replaced afterwards.

    Args:
        file: The file.
        root: Folder of the data; None takes ``TRASH_DATA_ROOT`` or the default.
        fold: Number of the fold; None takes ``FOLD`` or none.

    Returns:
        The config.

    Raises:
        ConfigError: The file cannot be read as a config, or the fold is no number.
    """
    chosen = os.environ.get(FOLD_VARIABLE, '') if fold is None else fold
    if not re.fullmatch(r'[\w-]*', chosen):
        raise ConfigError(f'a fold must be a number such as 0, got {chosen!r}')
    folder = os.environ.get(DATA_ROOT_VARIABLE) if root is None else root
    place = None if folder is None else _STAND_IN
    try:
        with _environment(**{DATA_ROOT_VARIABLE: place, FOLD_VARIABLE: fold}):
            cfg = Config.fromfile(file)
    except ImportError:
        raise
    except Exception as error:
        raise ConfigError(f'{file}: not a readable config: {error}') from error
    if folder is not None:
        _replaced(cfg._cfg_dict, _STAND_IN, folder)
    return cfg
