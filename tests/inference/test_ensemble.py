"""Ensembles of streams, stores and models."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.ensemble import Member, combine, factors, read_recipe
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import validate_submission
from mmseg_trash.inference.voting import hard_vote, read_submission

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


def _probs(seed: int, classes: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.moveaxis(
        random.dirichlet([1] * classes, (5, 6)).astype(np.float32), -1, 0
    )


def test_soft_is_the_weighted_mean() -> None:
    streams = [
        [('1', _probs(0)), ('2', _probs(1))],
        [('1', _probs(2)), ('2', _probs(3))],
    ]
    weights = [np.full(4, 1, np.float32), np.full(4, 3, np.float32)]
    rows = list(combine(streams, weights))
    assert [name for name, *_ in rows] == ['1', '2']
    mean = (_probs(1) + 3 * _probs(3)) / 4
    assert rows[1][2] is not None and np.allclose(rows[1][2], mean, atol=1e-6)
    assert np.array_equal(rows[1][1], mean.argmax(0))


def test_class_weights_favour_a_class() -> None:
    member = Member(store='x', weight=2, class_weights=dict(Glass=10))
    assert factors(member, ['Paper', 'Glass']).tolist() == [2, 20]
    with pytest.raises(ConfigError, match="'Glass' is none of"):
        factors(member, ['Paper'])
    weights = [np.array([1, 1, 1, 100], np.float32)]
    ((_, label, _),) = combine([[('1', _probs(0))]], weights)
    assert (label == 3).mean() > (_probs(0).argmax(0) == 3).mean()


def test_hard_is_the_vote() -> None:
    probs = [_probs(seed) for seed in range(3)]
    weights = [np.full(4, 1, np.float32)] * 3
    ((_, label, mean),) = combine([[('1', p)] for p in probs], weights, 'hard')
    expected = hard_vote(np.stack([p.argmax(0) for p in probs]).astype(np.uint8))
    assert mean is None and np.array_equal(label, expected)


def test_members_must_agree() -> None:
    weights = [np.ones(4, np.float32)] * 2
    one = [('1', _probs(0))]
    for other, message in (
        ([('2', _probs(0))], "'1', '2'"),
        ([], 'no further image'),
        ([('1', _probs(0)[:, :3])], 'differ in size'),
    ):
        with pytest.raises(DataError, match=message):
            list(combine([one, other], weights))


@pytest.mark.parametrize('text, message', [
    ('members: [', 'no YAML'),
    ('rule: soft', 'list of members'),
    ('members: []', 'members is empty'),
    ('members: [{stor: a}]', 'stor'),
    ('members: [{store: a}]\nrule: loud', "rule 'loud'"),
    ('members: [{store: a, config: b}]', r'members\[0\]: expected either'),
    ('members: [{config: b}]', 'config without checkpoint'),
    ('members: [{store: a, weight: -1}]', 'weight must be positive, got -1'),
    ('members: [{store: a, class_weights: {Glass: 0}}]', 'Glass must be positive'),
])  # fmt: skip
def test_bad_recipes(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / 'recipe.yaml'
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_recipe(file)


@pytest.fixture(scope='module')
def checkpoints(
    project: Path, toy_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    cfg = load_config(project / CONFIG, data_root=toy_root)
    files = []
    for seed in range(2):
        torch.manual_seed(seed)
        model = build_model(cfg, init=True)
        torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
        files.append(tmp_path_factory.mktemp('weights') / f'{seed}.pth')
        torch.save(dict(state_dict=model.state_dict()), files[-1])
    return files


def _tool(project: Path, name: str) -> Any:
    return runpy.run_path(str(project / 'tools' / f'{name}.py'))['main']


def test_predict_and_combine(
    project: Path, toy_root: Path, checkpoints: list[Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    predict = _tool(project, 'predict')
    common = ['--num-workers', '0', '--device', 'cpu']
    json_file = toy_root / 'test.json'
    for place, checkpoint in enumerate(checkpoints):
        arguments = [
            str(project / CONFIG), str(checkpoint), str(json_file),
            '--out', str(tmp_path / str(place)),
            '--save', 'labels', 'overlays', 'probs', *common,
        ]  # fmt: skip
        predict(arguments)
        assert '3 images predicted, 0 were there' in capsys.readouterr().out
    names = [
        image['file_name'] for image in json.loads(json_file.read_text())['images']
    ]
    first = tmp_path / '1/labels' / f'{names[0]}.png'
    with Image.open(first) as image:
        label = np.asarray(image)
    store = ProbStore.open(tmp_path / '1/probs')
    assert np.array_equal(store.read(names[0]).argmax(0), label)
    assert (tmp_path / '1/overlays' / f'{names[0]}.jpg').is_file()

    # one image is lost, one is predicted again
    stamp = (tmp_path / '1/labels' / f'{names[1]}.png').stat().st_mtime_ns
    first.unlink()
    predict(arguments)
    assert '1 images predicted, 2 were there' in capsys.readouterr().out
    assert first.is_file()
    assert (tmp_path / '1/labels' / f'{names[1]}.png').stat().st_mtime_ns == stamp
    with pytest.raises(DataError, match='was made with source'):
        predict([*arguments, '--tta'])

    ensemble = _tool(project, 'ensemble')
    recipe = tmp_path / 'recipe.yaml'
    live = f'config: {project / CONFIG}, checkpoint: {checkpoints[0]}'
    kept = f'store: {tmp_path / "1/probs"}'
    outputs = []
    for number in range(2):
        recipe.write_text(
            f'data_root: {toy_root}\nmembers: [{{{live}, weight: 2}}, {{{kept}}}]\n'
        )
        out = tmp_path / f'{number}.csv'
        ensemble([str(recipe), '--out', str(out), *common])
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]
    assert not validate_submission(out, json_file)
    probs = [ProbStore.open(tmp_path / str(n) / 'probs').read(names[0]) for n in (0, 1)]
    mean = 2 * probs[0] + probs[1]
    expected = mean.argmax(0)
    found = dict(read_submission(out))[names[0]]
    step = np.arange(256) * expected.shape[0] // 256
    agree = (expected[np.ix_(step, step)] == found).mean()
    assert agree > 0.99  # one member was read from levels here, from the model there

    recipe.write_text(
        f'rule: hard\nmembers: [{{{kept}}}, {{store: {tmp_path}/0/probs}}]'
    )
    ensemble([str(recipe), '--out', str(tmp_path / 'hard.csv')])
    with pytest.raises(ConfigError, match='votes give no probabilities'):
        ensemble([str(recipe), '--store', str(tmp_path / 'mean')])
    recipe.write_text(f'members: [{{{live}}}]')
    with pytest.raises(ConfigError, match='data_root'):
        ensemble([str(recipe)])


def test_predict_a_folder_and_a_pattern(
    project: Path, toy_root: Path, checkpoints: list[Path], tmp_path: Path
) -> None:
    predict = _tool(project, 'predict')
    start = [str(project / CONFIG), str(checkpoints[0])]
    common = ['--num-workers', '0', '--device', 'cpu', '--out']
    folder = sorted(p for p in toy_root.iterdir() if p.is_dir())[0]
    images = sorted(folder.glob('*.jpg'))
    predict([*start, str(folder), *common, str(tmp_path / 'a')])
    assert len(list((tmp_path / 'a/labels').glob('*.png'))) == len(images)
    predict([*start, f'{folder}/*.jpg', *common, str(tmp_path / 'b')])
    predict([*start, str(images[0]), *common, str(tmp_path / 'c')])
    name = f'labels/{images[0].name}.png'
    contents = {(tmp_path / f / name).read_bytes() for f in 'abc'}
    assert len(contents) == 1
    for wrong in ('none', f'{folder}/*.gif'):
        with pytest.raises(FileNotFoundError, match='no such image'):
            predict([*start, wrong, *common, str(tmp_path / 'd')])
