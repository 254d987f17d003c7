"""One place where a config states its classes: data sets and model follow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .config_file import walk
from .datasets.categories import BACKGROUND
from .errors import ConfigError, DataError
from .metainfo import CLASSES, CLASSES_COHORT1, normalise

AUTO = 'auto'
_DATA_SETS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def datasets_of(cfg: Config) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place of each data set of a config, and its dict."""
    for key in _DATA_SETS:
        loader = cfg.get(key)
        for node in walk(loader.get('dataset') if loader else None):
            if 'ann_file' in node:
                yield f'{key}.dataset', node
    for node in walk(cfg.get('predict_dataset')):
        if 'ann_file' in node:
            yield 'predict_dataset', node


def annotated_classes(file: Path) -> list[str]:
    """Return Background and the categories that objects of a COCO file have.

    They stand in the order of their ids; categories without objects are left out.

    Raises:
        DataError: The file is no COCO JSON with objects.
        FileNotFoundError: There is none.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file}: does not exist; classes='auto' reads it")
    try:
        content = json.loads(file.read_text(encoding='utf-8-sig'))
        used = {entry['category_id'] for entry in content['annotations']}
        names = {c['id']: c['name'] for c in content['categories'] if c['id'] in used}
        found = [str(names[number]) for number in sorted(names)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f'{file}: no COCO annotations to take classes from: {error}'
        ) from error
    if not found:
        raise DataError(f'{file}: has no objects to take classes from')
    plain = [name for name in found if normalise(name) != normalise(BACKGROUND)]
    return [BACKGROUND, *plain]


def _checked(given: Any) -> list[str]:
    """Return the names of classes that a config states.

    Raises:
        ConfigError: They are no distinct names.
    """
    if (
        isinstance(given, str)
        or not isinstance(given, Sequence)
        or not given
        or not all(isinstance(name, str) and name.strip() for name in given)
        or len(set(given)) != len(given)
    ):
        raise ConfigError(
            f"classes must be a list of distinct names or 'auto', got {given!r}"
        )
    return list(given)


def set_classes(cfg: Config, options: Mapping[str, Any] | None = None) -> None:
    """Give a config's data sets and model the classes that it states, in place.

    ``classes = ['Background', 'Can', ...]`` at the top of a config, or on the command
    line, becomes the ``metainfo`` of every data set and the ``num_classes`` of heads,
    auxiliary heads and losses. ``'auto'`` takes those of the training JSON. A config
    without it keeps what it says.

    Args:
        cfg: The config.
        options: Dotted keys and values that were merged into it.

    Raises:
        ConfigError: They are no names, or a data set or ``num_classes`` has others.
        DataError, FileNotFoundError: See :func:`annotated_classes`.
    """
    given = cfg.get('classes')
    places = list(datasets_of(cfg))
    if given is not None:
        if given == AUTO:
            first = next((node for _, node in places), None)
            if first is None:
                raise ConfigError("classes='auto' needs a train_dataloader.dataset")
            root = Path(first.get('data_root') or '')
            given = annotated_classes(root / first['ann_file'])
        cfg.classes = names = _checked(given)
        for place, node in places:
            stated = (node.get('metainfo') or {}).get('classes')
            if stated is not None and list(stated) != names:
                raise ConfigError(
                    f'{place}.metainfo.classes: {list(stated)}, but classes: {names}'
                )
            node['metainfo'] = {**(node.get('metainfo') or {}), 'classes': names}
        for key, value in (options or {}).items():
            if key.endswith('.num_classes') and value != len(names):
                raise ConfigError(f'{key}={value}, but there are {len(names)} classes')
        for node in walk(cfg.model):
            if 'num_classes' in node:
                node['num_classes'] = len(names)
    _check_counts(cfg, places)


def _check_counts(cfg: Config, places: list[tuple[str, dict[str, Any]]]) -> None:
    """Refuse heads and losses that have another number of classes than the data.

    Raises:
        ConfigError: They contradict each other.
    """
    heads = [
        (f'model.{key}', node)
        for key in ('decode_head', 'auxiliary_head')
        for node in walk(cfg.model.get(key))
        if isinstance(node.get('num_classes'), int)
    ]
    for place, node in places:
        if node.get('type') != 'TrashDataset' and 'metainfo' not in node:
            continue
        stated = node.get('metainfo') or {}
        usual = CLASSES_COHORT1 if node.get('unknown') == 'class' else CLASSES
        names = stated.get('classes') if isinstance(stated, Mapping) else None
        number = len(names or usual)
        for head, found in heads:
            if found['num_classes'] != number:
                raise ConfigError(
                    f'{place} has {number} classes, but {head} has num_classes='
                    f'{found["num_classes"]}; state classes = [...] once, at the top '
                    'of the config'
                )
