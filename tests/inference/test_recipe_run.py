"""tools/ensemble.py follows a recipe: views, steps behind, one model at a time."""

import os
import runpy
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.ensemble import Combined, open_member, read_recipe
from mmseg_trash.inference.ensemble_job import finish
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.views import ViewSet
from mmseg_trash.inference.voting import read_submission
from mmseg_trash.metrics.confusion import resize_nearest
from mmseg_trash.postprocess.order import PostProcess

from .photographs import NAMES

COMMON = ['--num-workers', '0', '--device', 'cpu']
POST = dict(
    crf=dict(iterations=2),
    write_back=dict(min_area=4),
    clean_up=dict(min_size=30),
    size=256,
)


@pytest.fixture
def recipe(cfg: Config, checkpoint: Path, root: Path, tmp_path: Path) -> Path:
    """Two members: views with weights, and windows."""
    file = tmp_path / 'recipe.yaml'
    live = f'config: {cfg.filename}, checkpoint: {checkpoint}'
    file.write_text(
        f'data_root: {root}\n'
        f'output: {tmp_path}/first.csv\n'
        'members:\n'
        f'- {{{live}, tta: {{views: [plain, rot90], weights: [2, 1]}}, weight: 2}}\n'
        f'- {{{live}, window: 48, overlap: 0.25, dtype: bf16}}\n'
        'postprocess:\n'
        '  crf: {iterations: 2}\n'
        '  write_back: {min_area: 4}\n'
        '  clean_up: {min_size: 30}\n'
        '  size: 256\n'
    )
    return file


@pytest.fixture
def ensemble(project: Path) -> Any:
    main = runpy.run_path(str(project / 'tools/ensemble.py'))['main']
    return lambda *arguments: main([*map(str, arguments), *COMMON])


def test_a_recipe_is_followed_to_the_byte(
    recipe: Path, ensemble: Any, cfg: Config, checkpoint: Path, root: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    pytest.importorskip('numba')
    ensemble(recipe)
    ensemble(recipe, '--out', tmp_path / 'second.csv', '--store', tmp_path / 'mean')
    first = (tmp_path / 'first.csv').read_bytes()
    assert (tmp_path / 'second.csv').read_bytes() == first
    rows = dict(read_submission(tmp_path / 'first.csv'))
    assert list(rows) == NAMES

    # by hand, from two predictors
    options: dict[str, Any] = dict(num_workers=0)
    views = ViewSet.from_names(['plain', 'rot90'], [2.0, 1.0])
    full = Predictor(cfg.filename, checkpoint, 'cpu', tta=views, **options)
    cut = Predictor(
        cfg.filename,
        checkpoint,
        'cpu',
        window=48,
        overlap=0.25,
        dtype='bf16',
        **options,
    )
    post = PostProcess.from_dict(POST)
    image = cv2.imread(str(root / NAMES[0]))
    one, two = (next(p.probs_of_arrays([('', image)]))[1] for p in (full, cut))
    mean = 2 * one + two
    mean /= mean.sum(0, keepdims=True)
    members = [probs.argmax(0).astype(np.uint8) for probs in (one, two)]
    expected = post(np.ascontiguousarray(image[..., ::-1]), mean, members)
    assert (expected == rows[NAMES[0]]).mean() > 0.999
    assert (resize_nearest(mean.argmax(0), 256) != expected).any(), (
        'steps did something'
    )
    kept = ProbStore.open(tmp_path / 'mean').read(NAMES[0])
    assert np.abs(kept - mean).max() < 0.02, 'what comes before the steps'


def test_one_model_at_a_time(
    recipe: Path, ensemble: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recipe.read_text().replace('  crf: {iterations: 2}\n', '')
    recipe.write_text(text)
    alive: list[int] = []
    most = 0

    class Counted(Predictor):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            nonlocal most
            super().__init__(*args, **kwargs)
            alive.append(1)
            most = max(most, len(alive))

        def __del__(self) -> None:
            if alive:
                alive.pop()

    monkeypatch.setattr('mmseg_trash.inference.predictor.Predictor', Counted)
    ensemble(recipe)
    assert most == 2
    most = 0
    out = tmp_path / 'sequential.csv'
    stores = tmp_path / 'stores'
    ensemble(recipe, '--out', out, '--sequential', stores)
    assert most == 1
    same = [
        (one[1] == two[1]).mean()
        for one, two in zip(
            read_submission(tmp_path / 'first.csv'), read_submission(out)
        )
    ]
    assert min(same) > 0.99, 'float16 in between'
    most = 0
    kept = out.read_bytes()
    ensemble(recipe, '--out', out, '--sequential', stores)
    assert most == 0 and out.read_bytes() == kept, 'nothing is predicted twice'
    recipe.write_text(text.replace('rot90', 'rot270'))
    with pytest.raises(DataError, match='was made with source'):
        ensemble(recipe, '--out', out, '--sequential', stores)


def test_some_images_in_an_order(recipe: Path) -> None:
    found = read_recipe(recipe)
    member = replace(found.members[0], tta=False)
    stream, classes = open_member(member, found, [NAMES[3], NAMES[0]], num_workers=0)
    assert [name for name, _ in stream] == [NAMES[3], NAMES[0]] and len(classes) == 11
    with pytest.raises(DataError, match="lacks 1 of 1 images, the first is 'no'"):
        open_member(member, found, ['no'], num_workers=0)


@pytest.mark.parametrize('line, message', [
    ('members: [{config: a, checkpoint: b, tta: [up]}]', r"members\[0\]: view 'up'"),
    ('members: [{store: a, tta: true}]', 'a store has its views'),
    ('members: [{config: a, checkpoint: b, window: 0}]', 'window must be pixels'),
    ('members: [{config: a, checkpoint: b, overlap: 1}]', r'lie in \[0, 1\), got 1'),
    ('members: [{config: a, checkpoint: b, dtype: int8}]', "dtype 'int8'"),
    ('members: [{store: a, class_weights: 3}]', 'expected a mapping'),
    ('members: [{store: a}]\npostprocess: {cfr: seed}', 'postprocess.cfr: no such key'),
    ('members: [{store: a}]\npostprocess: {crf: seed}', 'needs the photographs'),
    ('members: [{store: a}]\nrule: hard\ndata_root: b\npostprocess: {crf: seed}',
     'votes give no probabilities'),
])  # fmt: skip
def test_bad_recipes(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / 'recipe.yaml'
    file.write_text(line)
    with pytest.raises(ConfigError, match=message):
        read_recipe(file)


def test_steps_behind_votes() -> None:
    label = np.zeros((8, 8), np.uint8)
    label[0, 0] = 3
    seen = label.copy()
    seen[4:8, 4:8] = 2
    found = Combined('1', label, None, [seen, seen])
    post = PostProcess.from_dict(dict(write_back=True, clean_up=dict(min_size=4)))
    assert set(np.unique(finish(found, post, None))) == {0, 2}


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='set RUN_SLOW=1')
def test_two_processes_write_the_same_bytes(
    recipe: Path, ensemble: Any, project: Path, tmp_path: Path
) -> None:
    ensemble(recipe)
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        port = server.getsockname()[1]
    out = tmp_path / 'two.csv'
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2',
        '--master-port', str(port), str(project / 'tools/ensemble.py'), str(recipe),
        '--out', str(out), *COMMON,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('5 rows from 2 members') == 1
    assert out.read_bytes() == (tmp_path / 'first.csv').read_bytes()
