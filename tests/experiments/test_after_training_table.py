"""Searched weights, the soup and the whole table, on models that are made up."""

import json
import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash.experiments import after_training as steps
from mmseg_trash.experiments import after_training_averages as averages
from mmseg_trash.experiments import after_training_table as table
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench.survey import open_survey

Truth = dict[str, np.ndarray]
Model = tuple[str, Path]


class Models:
    """Stand in for trainings and predictions.

    A network of ``first.py`` is right on a half of the pixels, one of ``second.py`` on
    nine tenths.

    Attributes:
        trained: Folders of the trainings.
        seen: Image names of each prediction, by the store's place.
        options: Overrides that predictions were told.
    """

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.trained: list[str] = []
        self.seen: dict[str, list[str]] = {}
        self.options: list[Any] = []

    def train(self, job: Any, folds: int = 0) -> dict[str, Path]:
        folder = Path(job.work_dir)
        self.trained.append(folder.name)
        assert job.options['train_cfg.max_iters'] == 3
        names = [f'fold{k}' for k in range(folds)] or [folder.name]
        return {name: folder / f'{name}.pth' for name in names}

    def predict(
        self, model: Model, images: Path, store: Path, tta: bool, options: Any = None
    ) -> None:
        config, checkpoint = model
        content = json.loads(images.read_text())
        names = [image['file_name'] for image in content['images']]
        assert 'annotations' not in content
        self.seen[f'{store.parent.name}/{store.name}'] = names
        self.options.append(options)
        share = 0.5 if config == 'first.py' else 0.9
        random = np.random.default_rng(len(checkpoint.name))
        source = dict(model=str(checkpoint), tta=tta)
        kept = ProbStore(store / 'probs', CLASSES, 'float16', source)
        for name in names:
            label = self.truth[name]
            right = random.random(label.shape) < share
            guess = np.where(right, label, random.integers(0, len(CLASSES)))
            probs = np.eye(len(CLASSES), dtype=np.float32)[guess].transpose(2, 0, 1)
            kept.write(name, 0.78 * probs + 0.02)


@pytest.fixture(scope='module')
def data(toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return steps.prepare(toy_root, tmp_path_factory.mktemp('data'), 2)


@pytest.fixture(scope='module')
def truth(data: Path) -> Truth:
    found = {}
    for name in ('train_all.json', 'val.json'):
        survey = open_survey(name, data)
        found |= {n: survey.label_map(row) for row, n in enumerate(survey.names)}
    return found


@pytest.fixture()
def models(truth: Truth, monkeypatch: pytest.MonkeyPatch) -> Models:
    found = Models(truth)
    monkeypatch.setattr(steps, 'train', found.train)
    monkeypatch.setattr(steps, 'predict', found.predict)
    monkeypatch.setattr(averages, 'predict', found.predict)
    return found


def test_each_training_image_is_predicted_out_of_fold(
    models: Models, data: Path, tmp_path: Path
) -> None:
    pair = [('first.py', tmp_path / 'a.pth'), ('first.py', tmp_path / 'bb.pth')]
    for _ in range(2):  # the second time all of it is there
        joined = ProbStore.open(averages.predict_out_of_fold(pair, data, tmp_path))
    train = json.loads((data / 'train_all.json').read_text())['images']
    assert list(joined) == sorted(image['file_name'] for image in train)
    for fold in range(2):
        listed = (data / f'folds/fold{fold}_val.txt').read_text().split('\n')
        place = f'{tmp_path.name}/fold{fold}'
        assert models.seen[place] and set(models.seen[place]) <= set(listed)


def test_the_better_member_weighs_more(
    models: Models, data: Path, tmp_path: Path
) -> None:
    unseen = []
    for name in ('first', 'second'):
        model = f'{name}.py', tmp_path / f'{name}.pth'
        models.predict(model, data / steps.TEST, tmp_path / name, False)
        unseen.append(
            averages.predict_out_of_fold([model, model], data, tmp_path / f'oof_{name}')
        )
    entry = steps.Entry('both', ['first', 'second'])
    equal = steps.combine(entry, tmp_path, data, tmp_path / 'out')
    out = tmp_path / 'out/searched.csv'
    recipe = equal.with_suffix('.yaml')
    assert averages.weigh(recipe, unseen, data, out) == out
    one, other = averages.weights_of(out.with_suffix('.yaml'))
    assert other > one > 0 and averages.weights_of(recipe) == [1, 1]
    dataset = steps.truth(data)
    first, second = (
        steps.score(file, dataset).metrics()['mIoU_256'] for file in (equal, out)
    )
    assert second > first


def test_a_soup_is_cooked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def call(*words: str) -> None:
        calls.append(words)
        (tmp_path / 'soup.pth').write_text('soup')

    monkeypatch.setattr(averages, 'call', call)
    models = [('c.py', tmp_path / f'{name}.pth') for name in 'ab']
    for _, file in models:
        file.write_text('weights')
    for _ in range(2):
        found = averages.cook(models, tmp_path, tmp_path / 'soup.pth', {'a.b': [1, 2]})
        assert found == ('c.py', tmp_path / 'soup.pth')
    ((tool, config, *words),) = calls
    assert (tool, config) == ('soup.py', 'c.py')
    assert words[:2] == [str(file) for _, file in models]
    assert words[-2:] == ['--cfg-options', 'a.b=[1,2]']
    later = (tmp_path / 'soup.pth').stat().st_mtime + 10
    os.utime(models[0][1], (later, later))
    averages.cook(models, tmp_path, tmp_path / 'soup.pth')
    assert len(calls) == 2 and '--cfg-options' not in calls[1]


def test_the_whole_table(
    models: Models, data: Path, tmp_path: Path, project: Path, toy_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(
        averages, 'cook', lambda models, *rest: ('first.py', tmp_path / 'soup.pth')
    )
    for name in ('CRF', 'BACK'):  # takes a minute, and has tests of its own
        monkeypatch.setattr(table, name, {})
    main = runpy.run_path(str(project / 'tools/benchmarks/after_training.py'))['main']
    main(
        [
            *(f'toy={toy_root}', '--out', str(tmp_path), '--folds', '2'),
            *('--work-dir', str(tmp_path), '--configs', 'first.py', 'second.py'),
            *('--threshold', '.3', '--cfg-options', 'train_cfg.max_iters=3'),
        ]
    )
    assert models.trained == ['single', 'second', 'folds', 'second_folds', 'pseudo']
    assert {'stores/soup', 'first/fold0', 'second/fold1'} < set(models.seen)
    assert all(options == {'train_cfg.max_iters': 3} for options in models.options)
    found = json.loads((tmp_path / 'after_training.json').read_text())['toy']
    rows = {row[0]: row[1:] for row in found['rows']}
    expected = [entry.name for entry in table.entries(['a'], ['b'])]
    expected.insert(expected.index(table.BOTH) + 1, table.SEARCHED)
    pseudo = 'one network + pseudo labels'
    assert list(rows) == [*expected, pseudo, f'{pseudo} + views']
    assert rows[table.ONE][3:] == ['', '']
    one, second = (float(rows[t][0]) for t in (table.ONE, 'second architecture'))
    change = float(rows['second architecture'][3])
    assert change == pytest.approx(second - one, abs=0.02)
    low, high = map(float, rows['second architecture'][4].split(' to '))
    assert 0 < low <= change <= high
    assert found['weights'][1] > found['weights'][0]
    page = (tmp_path / 'after_training.md').read_text()
    assert 'from scratch' not in page and '--threshold 0.3' in page
    assert '95 % of images |' in page and f'| {table.SOUP} |' in page
