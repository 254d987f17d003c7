"""Map the categories of a COCO file to labels, by name."""

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..metainfo import ALIASES, IGNORE_INDEX, IGNORED, UNKNOWN, normalise
from .faults import Fault

BACKGROUND = 'Background'
GENERAL_TRASH = 'General trash'
UNKNOWN_RULES = ('class', 'general_trash', 'ignore')


@dataclass(frozen=True)
class CategoryRule:
    """How category names become labels.

    Attributes:
        classes: Class names; the index is the label.
        unknown: What the first cohort's UNKNOWN becomes: ``'class'`` its own class
            (which ``classes`` must then have), ``'general_trash'``, ``'ignore'`` the
            ignore index; None refuses it.
        category_map: Name in the JSON -> class name, or None to leave the category's
            annotations out. Looked up before anything else.
        ignore_index: Label of ignored pixels.
    """

    classes: tuple[str, ...]
    unknown: str | None = None
    category_map: Mapping[str, str | None] = field(default_factory=dict)
    ignore_index: int = IGNORE_INDEX

    def __post_init__(self) -> None:
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise ValueError(f'classes must be distinct names, got {self.classes}')
        if len(self.classes) > self.ignore_index or self.ignore_index > 255:
            raise ValueError(
                f'{len(self.classes)} classes and ignore_index {self.ignore_index} '
                'do not fit into 8-bit label maps'
            )
        if self.unknown is not None and self.unknown not in UNKNOWN_RULES:
            raise ValueError(
                f'unknown must be None or one of {UNKNOWN_RULES}, got {self.unknown!r}'
            )
        for name, target in self.category_map.items():
            if target is not None and target not in self.classes:
                raise ValueError(
                    f'category_map maps {name!r} to {target!r}, which is no class; '
                    f'the classes are {", ".join(self.classes)}'
                )

    @property
    def background(self) -> int:
        """Label of pixels without any object: Background's, else the ignore index."""
        if BACKGROUND in self.classes:
            return self.classes.index(BACKGROUND)
        return self.ignore_index

    def label_of(self, name: str) -> int | None:
        """Find the label of a category.

        Args:
            name: The category's name in the JSON. Beside the exact name, a known
                misspelling and another case, other blanks, hyphens or underscores are
                accepted. ``Ignored`` is the ignore index, unless a class has that name.

        Returns:
            The label, the ignore index, or None when its annotations are left out.

        Raises:
            KeyError: The name is not known; the argument explains it.
        """
        if name in self.category_map:
            target = self.category_map[name]
            return None if target is None else self.classes.index(target)
        if name in self.classes:
            return self.classes.index(name)
        key = normalise(name)
        for label, known in enumerate(self.classes):
            if normalise(known) == key:
                return label
        if key == normalise(UNKNOWN):
            return self._label_of_unknown()
        if key == normalise(IGNORED):
            return self.ignore_index
        raise KeyError(self._complaint(name))

    def _label_of_unknown(self) -> int:
        if self.unknown == 'ignore':
            return self.ignore_index
        if self.unknown == 'general_trash' and GENERAL_TRASH in self.classes:
            return self.classes.index(GENERAL_TRASH)
        raise KeyError(
            f'category {UNKNOWN!r} of the first cohort needs a decision: '
            "unknown='class' (12 classes), unknown='general_trash' or unknown='ignore'"
        )

    def _complaint(self, name: str) -> str:
        names = {normalise(known): known for known in self.classes}
        close = difflib.get_close_matches(normalise(name), names, n=1)
        hint = f' (did you mean {names[close[0]]!r}?)' if close else ''
        return (
            f'unknown category {name!r}{hint}; known are: {", ".join(self.classes)}. '
            'category_map gives other names a class; tools/data/convert_taco.py '
            "converts TACO's"
        )


def map_categories(
    categories: Sequence[Any],
    rule: CategoryRule,
    file: str,
    used: Container[int] | None = None,
) -> tuple[dict[int, int | None], list[Fault]]:
    """Map category ids to labels.

    Args:
        categories: The JSON's ``categories``.
        rule: How names become labels.
        file: Path that faults name.
        used: Ids that objects have. Other categories do no harm, whatever they are
            called; None takes all for used.

    Returns:
        Category id -> label (None: leave out), and the faults: an entry without id or
        name, one id with two names, one name with two ids, an unknown name.
    """
    labels: dict[int, int | None] = {}
    names: dict[int, str] = {}
    ids: dict[str, int] = {}
    faults = []
    for position, entry in enumerate(categories):
        where = f'categories[{position}]'
        number = entry.get('id') if isinstance(entry, dict) else None
        name = entry.get('name') if isinstance(entry, dict) else None
        if type(number) is not int or not isinstance(name, str):
            message = f'a category needs an integer id and a name, got {entry!r}'
            faults.append(Fault('bad_category', file, where, message))
            continue
        where = f'category {number}'
        if number in names:
            message = f'category id {number} stands for {names[number]!r} and {name!r}'
            faults.append(Fault('category_clash', file, where, message))
            continue
        names[number] = name
        try:
            labels[number] = rule.label_of(name)
        except KeyError as error:
            labels[number] = None
            complaint = str(error.args[0])
        else:
            complaint = ''
        if used is not None and number not in used:
            continue
        key = normalise(name)
        if key in ids:
            message = f'{name!r} stands under the ids {ids[key]} and {number}'
            faults.append(Fault('category_clash', file, where, message))
        ids.setdefault(key, number)
        if complaint:
            faults.append(Fault('unknown_category', file, where, complaint))
    return labels, faults


def respelt(
    categories: Sequence[Any], rule: CategoryRule, used: Container[int]
) -> list[str]:
    """Say how names that are no class were read, for the log.

    Args:
        categories: The ``categories`` of a JSON without faults.
        rule: How names become labels.
        used: Ids that objects have.

    Returns:
        A phrase for each category that has another spelling than its class, or that is
        unknown and has no object.
    """
    found = []
    for entry in categories:
        name = entry['name']
        if name in (*rule.classes, *rule.category_map, *ALIASES, UNKNOWN, IGNORED):
            continue
        try:
            label = rule.label_of(name)
        except KeyError:
            found.append(f'{name!r}, which has no objects, is left out')
            continue
        if entry['id'] in used and label is not None and label < len(rule.classes):
            found.append(f'{name!r} is read as {rule.classes[label]!r}')
    return found
