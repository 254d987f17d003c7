"""Which classes a model predicts, and whether they are those asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import CheckpointError
from .metainfo import ALIASES


def _names(found: Sequence[str]) -> tuple[str, ...]:
    """Return names without known misspellings."""
    return tuple(ALIASES.get(str(name), str(name)) for name in found)


def class_names(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the classes that a checkpoint says it was trained for, () for none.

    Args:
        content: What ``read_checkpoint`` gives; mmseg's older files have capitals.
    """
    meta = content.get('meta')
    own = meta.get('dataset_meta') if isinstance(meta, Mapping) else None
    for place in (own, meta):
        if isinstance(place, Mapping):
            for key in ('classes', 'CLASSES'):
                if place.get(key):
                    return _names(place[key])
    return ()


def check_classes(
    names: Sequence[str], wanted: Sequence[str], file: str, asker: str
) -> None:
    """Refuse a model that predicts other classes than those asked for.

    Args:
        names: The model's classes, see :func:`class_names`; () checks nothing.
        wanted: Those asked for, in order of the labels.
        file: The checkpoint, for the message.
        asker: Who asks: a data set's JSON, a config.

    Raises:
        CheckpointError: They differ, or stand in another order.
    """
    names, asked = _names(names), _names(wanted)
    if not names or asked == names:
        return
    strange = [name for name in asked if name not in names]
    lacks = [name for name in names if name not in asked]
    if strange or lacks:
        parts = ((strange, 'it lacks {}'), (lacks, 'nobody asks for {}'))
        why = ', '.join(text.format(', '.join(some)) for some, text in parts if some)
    else:
        why = 'they stand in another order'
    raise CheckpointError(
        f'{file}: its classes are not those of {asker}: {why}; it predicts '
        f'{len(names)}: {", ".join(names)}'
    )


def check_dataset(content: Mapping[str, Any], dataset: Any, file: str) -> None:
    """Refuse a data set of other classes than a model's.

    Args:
        content: See :func:`class_names`.
        dataset: The data set; one that names no classes is not checked.
        file: The checkpoint, for the message.

    Raises:
        CheckpointError: See :func:`check_classes`.
    """
    wanted = getattr(dataset, 'metainfo', {}).get('classes') or ()
    if wanted:
        asker = str(getattr(dataset, 'ann_file', 'the data set'))
        check_classes(class_names(content), wanted, file, asker)
