"""The recipe of an ensemble: all that makes its label maps, in one YAML file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from ..postprocess.order import PostProcess
from .views import ViewSet

RULES = ('soft', 'hard')
DTYPES = ('float32', 'bf16', 'fp16')


@dataclass(frozen=True)
class Member:
    """One member of an ensemble: a store, or a config with its checkpoint.

    Other checkpoints of a config, other folds, scales, views or architectures are all
    just members.

    Attributes:
        store: Folder of a store of probabilities.
        config: File of a config.
        checkpoint: File of its weights.
        tta: True for the config's views, or views of one's own; in YAML a list of their
            names, or a mapping of ``views``, ``weights`` and ``mean``.
        weight: Share in the average, or number of votes; positive.
        class_weights: Class name -> factor on its probability, for members that know
            some classes better.
        window: Take images in their own size, in windows of so many pixels.
        overlap: Of the windows, 0 to below 1.
        dtype: Precision of the forward pass.
    """

    store: str | None = None
    config: str | None = None
    checkpoint: str | None = None
    tta: bool | ViewSet = False
    weight: float = 1.0
    class_weights: Mapping[str, float] = field(default_factory=dict)
    window: int | None = None
    overlap: float = 0.5
    dtype: str = 'float32'


@dataclass(frozen=True)
class Recipe:
    """All that makes an ensemble's label maps.

    Attributes:
        members: At least one; in a tie of votes the earlier one wins.
        rule: ``soft`` averages probabilities, ``hard`` counts votes.
        data_root: Folder of the images; needed for members with a config, and for
            steps that ask for the photograph.
        ann_file: The images, relative to ``data_root``.
        postprocess: See :meth:`~mmseg_trash.postprocess.order.PostProcess.from_dict`.
        output: The CSV to write.
        threads: Of the computation on a CPU, on whose number the last bits depend; None
            takes what torch does.
    """

    members: Sequence[Member]
    rule: str = 'soft'
    data_root: str | None = None
    ann_file: str = 'test.json'
    postprocess: Mapping[str, Any] = field(default_factory=dict)
    output: str = 'submission.csv'
    threads: int | None = None


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from YAML; paths in it are relative to the present folder.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: A key is unknown or a value out of range; names it.
    """
    file = Path(path)
    content = read_yaml(file)
    if not isinstance(content.get('members'), list):
        raise ConfigError(f'{file}: expected a mapping with a list of members')
    members = []
    try:
        for number, entry in enumerate(content.pop('members')):
            where = f'{file}: members[{number}]'
            _refuse_unknown(entry, Member, where)
            member = Member(**entry)
            members.append(replace(member, tta=_views(member.tta, where)))
        _refuse_unknown(content, Recipe, str(file))
        recipe = Recipe(members, **content)
    except TypeError as error:
        raise ConfigError(f'{file}: {error}') from error
    _check_names(recipe, ('data_root', 'ann_file', 'output'), str(file))
    if recipe.threads is not None and (
        type(recipe.threads) is not int or recipe.threads < 1
    ):
        raise ConfigError(f'{file}: threads: expected 1 or more, got {recipe.threads}')
    _check(recipe, file)
    return recipe


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It is something else.
    """
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such recipe')
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'{file}: is no YAML: {error}') from error
    if not isinstance(content, dict):
        raise ConfigError(f'{file}: expected a mapping with a list of members')
    return content


def _refuse_unknown(content: Any, kind: Any, where: str) -> None:
    if not isinstance(content, Mapping):
        raise ConfigError(f'{where}: expected a mapping, got {content!r}')
    known = [entry.name for entry in fields(kind)]
    for key in content:
        if key not in known:
            raise ConfigError(f'{where}: no key {key!r}; there are {", ".join(known)}')


def _check_names(thing: Any, keys: Sequence[str], where: str) -> None:
    for entry in fields(thing):
        value = getattr(thing, entry.name)
        missing = value is None and entry.default is None
        if entry.name in keys and not missing and not isinstance(value, str):
            raise ConfigError(f'{where}: {entry.name}: expected a name, got {value!r}')


def _views(section: Any, where: str) -> bool | ViewSet:
    try:
        return ViewSet.from_section(section)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from error


def _check(recipe: Recipe, file: Path) -> None:
    if recipe.rule not in RULES:
        raise ConfigError(f'{file}: rule {recipe.rule!r}, expected one of {RULES}')
    if not recipe.members:
        raise ConfigError(f'{file}: members is empty')
    try:
        post = PostProcess.from_dict(recipe.postprocess)
    except ConfigError as error:
        # Names of classes are checked when the members are open.
        if 'is none of' not in str(error):
            raise ConfigError(f'{file}: {error}') from error
    else:
        if post.crf and recipe.rule == 'hard':
            raise ConfigError(f'{file}: postprocess.crf: votes give no probabilities')
        if post.needs_image and recipe.data_root is None:
            raise ConfigError(f'{file}: data_root: the CRF needs the photographs')
    for number, member in enumerate(recipe.members):
        _check_member(member, f'{file}: members[{number}]')


def _check_member(member: Member, where: str) -> None:
    _check_names(member, ('store', 'config', 'checkpoint'), where)
    if (member.store is None) == (member.config is None):
        raise ConfigError(f'{where}: expected either store or config')
    if member.config is not None and member.checkpoint is None:
        raise ConfigError(f'{where}: config without checkpoint')
    if member.store is not None and (member.tta or member.window):
        raise ConfigError(f'{where}: a store has its views and windows behind it')
    if member.dtype not in DTYPES:
        raise ConfigError(f'{where}: dtype {member.dtype!r}, expected one of {DTYPES}')
    if member.window is not None and (
        type(member.window) is not int or member.window < 1
    ):
        raise ConfigError(f'{where}: window must be pixels, got {member.window!r}')
    if not isinstance(member.overlap, (int, float)) or not 0 <= member.overlap < 1:
        raise ConfigError(
            f'{where}: overlap must lie in [0, 1), got {member.overlap!r}'
        )
    if not isinstance(member.class_weights, Mapping):
        raise ConfigError(f'{where}: class_weights: expected a mapping')
    numbers = {'weight': member.weight, **member.class_weights}
    for key, value in numbers.items():
        if not isinstance(value, (int, float)) or not 0 < value < float('inf'):
            raise ConfigError(f'{where}: {key} must be positive, got {value!r}')
