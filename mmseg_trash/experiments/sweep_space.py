"""What a sweep varies: lists of values and ranges of numbers."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError

RANGE_KEYS = ('min', 'max', 'log', 'step', 'type')


@dataclass(frozen=True)
class Values:
    """A list to choose from.

    Attributes:
        values: What the config's key may become: numbers, words, lists or dicts.
    """

    values: tuple[Any, ...]

    def labels(self) -> list[Any]:
        """Return the values as Optuna can store them: lists and dicts as JSON."""
        plain = (str, int, float, bool, type(None))
        if all(isinstance(value, plain) for value in self.values):
            return list(self.values)
        return [json.dumps(value) for value in self.values]

    def of_label(self, label: Any) -> Any:
        """Return the value that a label stands for."""
        return self.values[self.labels().index(label)]


@dataclass(frozen=True)
class Range:
    """Numbers between two ends, both included.

    Attributes:
        low: The smallest.
        high: The largest.
        log: Draw the logarithm evenly.
        step: Distance of neighbours; None is any number (integers: 1).
        whole: Integers.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False


Space = dict[str, Values | Range]


def number(value: Any) -> Any:
    """Turn words that are numbers into numbers: YAML reads 1e-4 as a word."""
    if isinstance(value, list):
        return [number(item) for item in value]
    if isinstance(value, dict):
        return {key: number(item) for key, item in value.items()}
    if isinstance(value, str) and value[:1] in '0123456789+-.':
        try:
            return float(value)
        except ValueError:
            return value
    return value


def read_space(content: Any, where: str) -> Space:
    """Read the part ``space`` of a spec.

    Args:
        content: What YAML made of it.
        where: Begins every message.

    Raises:
        ConfigError: A key's value is neither a list nor a range.
    """
    if not isinstance(content, Mapping) or not content:
        raise ConfigError(
            f'{where}: space is {content!r}; expected dotted keys with [values] or '
            '{min, max}'
        )
    space: Space = {}
    for key, value in content.items():
        place = f'{where}: space.{key}'
        if isinstance(value, list):
            space[str(key)] = _values(value, place)
        elif isinstance(value, Mapping):
            space[str(key)] = _range(value, place)
        else:
            raise ConfigError(
                f'{place} is {value!r}; expected [value, ...] or {{min, max, log, '
                'step, type}'
            )
    return space


def _values(content: list[Any], place: str) -> Values:
    values = tuple(number(value) for value in content)
    texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
    if not values:
        raise ConfigError(f'{place} is an empty list; expected one value or more')
    doubled = [text for text in texts if texts.count(text) > 1]
    if doubled:
        raise ConfigError(f'{place}: {doubled[0]} stands twice; expected it once')
    return Values(values)


def _range(content: Mapping[str, Any], place: str) -> Range:
    unknown = [key for key in content if key not in RANGE_KEYS]
    if unknown:
        raise ConfigError(
            f'{place} has no {unknown[0]!r}; expected {", ".join(RANGE_KEYS)}'
        )
    kind = content.get('type')
    if kind not in (None, 'int', 'float'):
        raise ConfigError(f'{place}.type is {kind!r}; expected int or float')
    log = content.get('log', False)
    if not isinstance(log, bool):
        raise ConfigError(f'{place}.log is {log!r}; expected true or false')
    found = {key: number(content.get(key)) for key in ('min', 'max', 'step')}
    for key, value in found.items():
        if key == 'step' and value is None:
            continue
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not math.isfinite(value):
            raise ConfigError(f'{place}.{key} is {value!r}; expected a number')
        if kind == 'int' and value != int(value):
            raise ConfigError(f'{place}.{key} is {value!r}; expected an integer')
    low, high, step = found['min'], found['max'], found['step']
    if not low < high:
        raise ConfigError(f'{place}: min is {low} and max {high}; expected min < max')
    if log and low <= 0:
        raise ConfigError(f'{place}.min is {low}; expected more than 0 for log')
    if step is not None and (log or not 0 < step <= high - low):
        raise ConfigError(
            f'{place}.step is {step}; expected 0 < step <= max - min, without log'
        )
    given = [value for value in found.values() if value is not None]
    whole = kind == 'int' or (
        kind is None and all(isinstance(value, int) for value in given)
    )
    if whole:
        low, high, step = int(low), int(high), None if step is None else int(step)
    return Range(low, high, log, step, whole)


def example(part: Values | Range, place: int) -> Any:
    """Return a value of a part of the space, for checks before anything runs."""
    if isinstance(part, Values):
        return part.values[place % len(part.values)]
    return part.low
