"""What a recipe may not say, and what stores of an ensemble have to agree in."""

import runpy
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.errors import CheckpointError, ConfigError, DataError
from mmseg_trash.inference.ensemble import combine, image_names, read_recipe
from mmseg_trash.inference.recipe import Member, Recipe
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.pseudo.trained import KEY, TrainedImages

from .photographs import NAMES

COMMON = ['--num-workers', '0', '--device', 'cpu']


@pytest.fixture
def ensemble(project: Path) -> Any:
    main = runpy.run_path(str(project / 'tools/ensemble.py'))['main']
    return lambda *arguments: main([*COMMON, *map(str, arguments)])


@pytest.mark.parametrize('text, message', [
    ('members: [{store: a, grade: 2}]', r"members\[0\]: no key 'grade'; there are"),
    ('members: [{store: a}]\noutfile: a', r"r\.yaml: no key 'outfile'; there"),
    ('members: [a]', r"members\[0\]: expected a mapping, got 'a'"),
    ('members: [{store: 3}]', r'members\[0\]: store: expected a name, got 3'),
    ('members: [{config: a, checkpoint: [b]}]', 'checkpoint: expected a name'),
    ('members: [{store: a}]\nann_file: 5', 'ann_file: expected a name, got 5'),
    ('members: [{store: a}]\noutput: null', 'output: expected a name, got None'),
    ('members: [{store: a}]\ndata_root: [a]', 'data_root: expected a name'),
    ('members: [{store: a}]\nthreads: 0', 'threads: expected 1 or more, got 0'),
    ('members: [{store: a}]\nthreads: two', 'threads: expected 1 or more, got two'),
    (b'members: \xff', 'is no YAML'),
])  # fmt: skip
def test_bad_recipes(tmp_path: Path, text: str | bytes, message: str) -> None:
    file = tmp_path / 'r.yaml'
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=message):
        read_recipe(file)


def test_a_vote_counts_by_its_class() -> None:
    # at the three pixels: both agree, or the members name the classes 0|1 and 1|2
    labels = [np.array([[0, 0, 1]]), np.array([[0, 1, 2]])]
    streams = [[('1', np.eye(3, dtype=np.float32)[:, one])] for one in labels]

    def vote(*weights: list[float]) -> list[int]:
        given = [np.array(w, np.float32) for w in weights]
        ((_, label, _),) = combine(streams, given, 'hard')
        found: list[int] = label[0].tolist()
        return found

    assert vote([1, 1, 1], [1, 1, 1]) == [0, 0, 1]
    assert vote([1, 1, 1], [1, 1, 2]) == [0, 0, 2]
    assert vote([1, 1, 1], [1, 2, 1]) == [0, 1, 1]
    assert vote([3, 1, 1], [1, 2, 1]) == [0, 0, 1]


def store_of(folder: Path, names: list[str]) -> str:
    store = ProbStore(folder, ('a', 'b'))
    for name in names:
        store.write(name, np.full((2, 4, 4), 0.5, np.float32))
    return str(folder)


def test_stores_of_other_images(tmp_path: Path) -> None:
    few = store_of(tmp_path / 'few', ['1'])
    all_ = store_of(tmp_path / 'all', ['1', '2'])
    recipe = Recipe([Member(store=few), Member(store=all_)])
    with pytest.raises(DataError, match=r"few: lacks 1 images that .*all has.*'2'"):
        image_names(recipe)
    assert image_names(Recipe([Member(store=all_), Member(store=all_)])) == ['1', '2']
    with pytest.raises(DataError, match='none: holds no image'):
        image_names(Recipe([Member(store=store_of(tmp_path / 'none', []))]))


def test_stores_remember_pseudo_labels(
    ensemble: Any, cfg: Config, checkpoint: Path, root: Path, tmp_path: Path
) -> None:
    seen = TrainedImages(pseudo=frozenset({NAMES[0]}), round=1)
    content = {**read_checkpoint(checkpoint), 'meta': {KEY: seen.to_meta()}}
    torch.save(content, tmp_path / 'pseudo.pth')
    member = dict(config=cfg.filename, checkpoint=str(tmp_path / 'pseudo.pth'))
    recipe, data = tmp_path / 'recipe.yaml', tmp_path / 'data'
    shutil.copytree(root, data)
    recipe.write_text(yaml.safe_dump(dict(members=[member], data_root=str(data))))
    out = ['--out', tmp_path / 'out.csv', '--store', tmp_path / 'mean']
    ensemble(recipe, *out, '--sequential', tmp_path / 'members')
    for store in ('mean', 'members/member0'):
        assert ProbStore.open(tmp_path / store).source['pseudo'] == [NAMES[0]], store
    # the members' stores belong to these photographs
    shutil.copy(root / NAMES[2], data / NAMES[0])
    with pytest.raises(DataError, match='is not the image of that name'):
        ensemble(recipe, *out[:2], '--sequential', tmp_path / 'members')


def test_numbers_and_devices_and_pickles(
    ensemble: Any, cfg: Config, checkpoint: Path, root: Path, tmp_path: Path
) -> None:
    content = {**read_checkpoint(checkpoint), 'more': Fraction(1, 2)}
    torch.save(content, tmp_path / 'more.pth')
    member = dict(config=cfg.filename, checkpoint=str(tmp_path / 'more.pth'))
    recipe, out = tmp_path / 'recipe.yaml', tmp_path / 'out.csv'
    text = dict(members=[member], data_root=str(root), output=str(out))
    recipe.write_text(yaml.safe_dump(text))
    for option, value in (('batch-size', 0), ('num-workers', -1), ('threads', 0)):
        with pytest.raises(ConfigError, match=f'--{option}: must be at least'):
            ensemble(recipe, f'--{option}', value)
    with pytest.raises(CheckpointError, match='pass --trust-checkpoint'):
        ensemble(recipe)
    with pytest.raises(ConfigError, match="device 'nowhere' cannot be used"):
        ensemble(recipe, '--trust-checkpoint', '--device', 'nowhere')
    before = torch.get_num_threads()
    try:
        ensemble(recipe, '--trust-checkpoint', '--threads', 1)
        first = out.read_bytes()
        recipe.write_text(yaml.safe_dump({**text, 'threads': 1}))
        torch.set_num_threads(2)
        ensemble(recipe, '--trust-checkpoint')
        assert torch.get_num_threads() == 1 and out.read_bytes() == first
    finally:
        torch.set_num_threads(before)
