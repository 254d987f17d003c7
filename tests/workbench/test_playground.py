import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.workbench.fragment import fragment, write_fragment
from mmseg_trash.workbench.parameters import (
    addable,
    new_step,
    parameters,
    with_value,
)
from mmseg_trash.workbench.playground import (
    Recipe,
    open_images,
    read_recipe,
    run_steps,
)
from mmseg_trash.workbench.sources import list_configs

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture(scope='module')
def recipe(project: Path, toy_root: Path) -> Recipe:
    return read_recipe(project / CONFIG, toy_root)


@pytest.fixture(scope='module')
def images(recipe: Recipe):
    return open_images(recipe)


def test_recipe_is_the_pipeline_of_the_config(recipe: Recipe, project: Path) -> None:
    cfg = load_config(project / CONFIG)
    whole = [step['type'] for step in cfg.train_dataloader.dataset.pipeline]
    assert [s['type'] for s in (*recipe.steps, *recipe.packing)] == whole
    assert recipe.packing[-1]['type'] == 'FastPackSegInputs'
    assert CONFIG.removeprefix('configs/') in list_configs(project / 'configs')


def test_stages_are_what_the_pipeline_makes(recipe: Recipe, images) -> None:
    stages = run_steps(images, 2, recipe.steps, seed=5)
    assert [stage.step for stage in stages] == list(recipe.steps)
    assert not any(stage.error for stage in stages)
    photograph = cv2.imread(images.get_data_info(2)['img_path'])[..., ::-1]
    assert np.array_equal(stages[0].picture, photograph)
    assert np.array_equal(stages[1].label, images.label_map_of(2))
    again = run_steps(images, 2, recipe.steps, seed=5)[-1]
    other = run_steps(images, 2, recipe.steps, seed=6)[-1]
    assert np.array_equal(again.picture, stages[-1].picture)
    assert not np.array_equal(other.picture, stages[-1].picture)


def test_random_numbers_outside_stay_as_they_are(recipe: Recipe, images) -> None:
    np.random.seed(3)
    expected = np.random.random(2)
    np.random.seed(3)
    first = np.random.random()
    run_steps(images, 0, recipe.steps, seed=1)
    assert [first, np.random.random()] == expected.tolist()


def test_a_changed_step_leaves_the_others(recipe: Recipe, images) -> None:
    flip = next(i for i, s in enumerate(recipe.steps) if 'Flip' in s['type'])
    kept, turned = (
        [*recipe.steps[:flip], with_value(recipe.steps[flip], ('prob',), prob)]
        for prob in (0.0, 1.0)
    )
    for seed in range(3):
        plain = run_steps(images, 1, kept, seed)[-1]
        mirrored = run_steps(images, 1, turned, seed)[-1]
        assert np.array_equal(plain.picture[:, ::-1], mirrored.picture)
        assert np.array_equal(plain.label[:, ::-1], mirrored.label)


def test_donors_are_where_the_pasted_pixels_come_from(recipe: Recipe, images) -> None:
    mix = dict(type='ClassMix', prob=1.0, flip_prob=0.0)
    *_, before, after = run_steps(images, 0, [*recipe.steps[:2], mix], seed=1)
    (donor,) = after.donors
    changed = before.label != after.label
    assert changed.any()
    assert np.array_equal(after.picture[changed], donor.picture[changed])
    assert np.array_equal(after.label[changed], donor.label[changed])
    assert donor.name != images.get_data_info(0)['file_name']


def test_a_failing_step_ends_the_run_with_its_message(recipe: Recipe, images) -> None:
    broken = dict(type='FastRandomFlip', prob=7)
    stages = run_steps(images, 0, [*recipe.steps[:2], broken, *recipe.steps[2:]], 0)
    assert len(stages) == 3
    assert stages[-1].picture is None and 'prob' in stages[-1].error
    unknown = run_steps(images, 0, [dict(type='NoSuchThing')], 0)
    assert 'NoSuchThing' in unknown[0].error


def test_parameters_show_defaults_and_what_is_set() -> None:
    found = {p.name: p for p in parameters(dict(type='CopyPaste', prob=0.3))}
    assert (found['prob'].value, found['prob'].kind, found['prob'].high) == (
        0.3,
        'float',
        1,
    )
    assert found['prob'].fixed and not found['flip_prob'].fixed
    assert found['scale'].value == (0.5, 1.5) and found['scale'].kind == 'range'
    assert found['min_area'].kind == 'int' and found['min_area'].value == 64
    assert 'pool_size' not in found
    for p in found.values():
        if p.kind in ('int', 'float'):
            assert p.low <= p.value <= p.high


def test_with_value_keeps_the_given_dict() -> None:
    step = dict(type='X', a=dict(b=[1, 2]))
    changed = with_value(step, ('a', 'b'), (3, 4))
    assert changed == dict(type='X', a=dict(b=[3, 4]))
    assert step['a']['b'] == [1, 2]


def test_every_transform_of_ours_can_be_added(recipe: Recipe, images) -> None:
    sized = ('Crop', 'CropAndPad', 'LongestMaxSize', 'SmallestMaxSize')
    names = [name for name in addable() if ':' not in name]
    names += [name for name in addable() if name.split(': ')[-1] in sized]
    assert len(names) >= 20
    for name in names:
        step = new_step(name, recipe)
        if 'prob' in {p.name for p in parameters(step)}:
            step['prob'] = 1.0
        stage = run_steps(images, 0, [*recipe.steps[:2], step], seed=0)[-1]
        assert not stage.error, f'{name}: {stage.error}'


def test_transforms_of_albumentations(recipe: Recipe, images) -> None:
    pytest.importorskip('albumentations')
    step = new_step('Albumentations: HorizontalFlip', recipe)
    assert [p.path for p in parameters(step)] == [('transforms', 0, 'p')]
    before, after = run_steps(images, 0, [*recipe.steps[:2], step], seed=0)[-2:]
    assert np.array_equal(before.picture[:, ::-1], after.picture)
    assert np.array_equal(before.label[:, ::-1], after.label)
    off = with_value(step, ('transforms', 0, 'p'), 0.0)
    same = run_steps(images, 0, [*recipe.steps[:2], off], seed=0)[-1]
    assert np.array_equal(before.picture, same.picture)
    assert not any('3D' in name for name in addable())


def test_new_step_says_what_it_lacks(recipe: Recipe) -> None:
    with pytest.raises(ConfigError, match='no registered transform'):
        new_step('NoSuchThing', recipe)


def test_fragment_loads_back(recipe: Recipe, tmp_path: Path) -> None:
    mix = dict(
        type='ClassMix', prob=0.7, class_weights={'Battery': 4.0, 'Paper pack': 2}
    )
    steps = [*recipe.steps[:2], mix, *recipe.steps[2:]]
    steps[-1] = with_value(steps[-1], ('brightness_delta',), 7)
    path = write_fragment(recipe, steps, tmp_path / 'sub' / 'changed.py')
    cfg = Config.fromfile(path)
    found = cfg.train_dataloader.dataset.pipeline
    assert [dict(step) for step in found] == [*steps, *recipe.packing]
    assert cfg.model == load_config(recipe.config).model
    text = path.read_text()
    assert '*_base_.load_pipeline' in text and '*_base_.pack_pipeline' in text
    assert max(map(len, text.splitlines())) <= max(88, len(text.splitlines()[0]))


def test_fragment_of_the_unchanged_pipeline_names_its_pieces(recipe: Recipe) -> None:
    text = fragment(recipe, recipe.steps, '.')
    assert 'dict(type=' not in text


def test_fragment_refuses(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='at least one step'):
        fragment(recipe, [], '.')
    with pytest.raises(ConfigError, match=r'ends in \.py'):
        write_fragment(recipe, recipe.steps, tmp_path / 'x.txt')
    assert not list(tmp_path.iterdir())


def test_recipe_refuses_a_config_without_training(
    project: Path, tmp_path: Path
) -> None:
    base = project / CONFIG
    path = tmp_path / 'a.py'
    path.write_text(f'_base_ = {str(base)!r}\ntrain_dataloader = dict(_delete_=True)\n')
    with pytest.raises(ConfigError, match='no pipeline'):
        read_recipe(path)


def test_no_donor_comes_from_outside(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    root, far = tmp_path / 'data', tmp_path / 'far.jpg'
    shutil.copytree(toy_root, root)
    recipe = read_recipe(project / CONFIG, root, 'train.json')
    images = open_images(recipe)
    link = Path(images.get_data_info(3)['img_path'])
    link.rename(far)
    link.symlink_to(far)
    steps = [*recipe.steps[:2], dict(type='ClassMix', prob=1.0)]
    shown = {False: set(), True: set()}
    refused = 0
    for seed in range(20):
        for limited, names in shown.items():
            stages = run_steps(images, 0, steps, seed, [root] if limited else [])
            names |= {donor.name for donor in stages[-1].donors}
            refused += 'lies outside' in stages[-1].error
    name = images.get_data_info(3)['file_name']
    assert name in shown[False] and shown[True] == shown[False] - {name}
    assert refused
    with pytest.raises(DataError, match='outside'):
        run_steps(images, 3, steps, 0, [root])
