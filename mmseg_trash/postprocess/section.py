"""The section ``postprocess:`` of a file, and options over it."""

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError


def read_yaml(path: str | os.PathLike[str]) -> Any:
    """Read a YAML file.

    Raises:
        FileNotFoundError: There is none.
        ConfigError: It is no YAML.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such file')
    try:
        return yaml.safe_load(file.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'{file}: is no YAML: {error}') from error


def read_section(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the section of a YAML file, an ensemble's recipe perhaps.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It has no such section.
    """
    content = read_yaml(path)
    section = content.get('postprocess') if isinstance(content, dict) else None
    if not isinstance(section, dict):
        raise ConfigError(f'{path}: has no section postprocess')
    return section


def merged(section: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section with options laid over it.

    Args:
        section: What a file says.
        options: Dotted keys and values: ``{'crf.iterations': 3}``. A step that was left
            out begins with its defaults, a preset of the CRF stays below.
    """
    result = deepcopy(dict(section))
    for key, value in options.items():
        *parents, last = key.split('.')
        node = result
        for parent in parents:
            child = node.get(parent)
            if isinstance(child, str):
                child = dict(preset=child)
            node[parent] = child if isinstance(child, dict) else {}
            node = node[parent]
        node[last] = value
    return result
