"""The steps after training, on probabilities that are made up."""

import json
import runpy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments import after_training as steps
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench.survey import open_survey

Truth = dict[str, np.ndarray]


@pytest.fixture(scope='module')
def data(toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return steps.prepare(toy_root, tmp_path_factory.mktemp('data'), 2)


@pytest.fixture(scope='module')
def truth(data: Path) -> Truth:
    survey = open_survey('val.json', data)
    return {name: survey.label_map(row) for row, name in enumerate(survey.names)}


@pytest.fixture(scope='module')
def stores(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two members: each is right, with .6, on its half of the pixels, else unsure."""
    folder = tmp_path_factory.mktemp('stores')
    for place, member in enumerate(('a', 'b')):
        store = ProbStore(folder / member / 'probs', CLASSES, 'float16', {})
        for name, label in truth.items():
            right = np.eye(len(CLASSES), dtype=np.float32)[label].transpose(2, 0, 1)
            sure = np.arange(label.shape[1]) % 2 == place
            unsure = np.full_like(right, 0.04)
            unsure[-1] = 0.6
            store.write(name, np.where(sure, 0.56 * right + 0.04, unsure))
    return folder


def test_the_validation_images_play_the_test_set(data: Path, toy_root: Path) -> None:
    test, val = (json.loads((data / f'{n}.json').read_text()) for n in ('test', 'val'))
    assert test['images'] == val['images'] and 'annotations' not in test
    train = json.loads((data / 'train_all.json').read_text())
    assert train == json.loads((toy_root / 'train.json').read_text())
    lists = sorted((data / 'folds').glob('fold*.txt'))
    names = [line for file in lists for line in file.read_text().splitlines()]
    assert set(names) == {image['file_name'] for image in train['images']}


def test_entries_are_combined_and_scored(
    stores: Path, data: Path, truth: Truth, tmp_path: Path
) -> None:
    dataset = steps.truth(data)
    for entry, averaged in (
        (steps.Entry('One (a)', ['a']), False),
        (steps.Entry('both', ['a', 'b']), True),
    ):
        file = steps.combine(entry, stores, data, tmp_path)
        found = steps.score(file, dataset).metrics()
        counts = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
        for label in truth.values():
            if averaged:  # the truth's .32 ties with the last class: the first wins
                guess = label
            else:
                guess = np.full_like(label, len(CLASSES) - 1)
                guess[:, ::2] = label[:, ::2]
            small, seen = (
                cv2.resize(m, (256, 256), interpolation=cv2.INTER_NEAREST)
                for m in (label, guess)
            )
            np.add.at(counts, (small.ravel(), seen.ravel()), 1)
        hit = np.diag(counts)
        union = counts.sum(0) + counts.sum(1) - hit
        expected = 100 * (hit[union > 0] / union[union > 0]).mean()
        assert found['mIoU_256'] == pytest.approx(expected, abs=0.01), entry
    assert (tmp_path / 'one__a_.yaml').is_file()


def test_a_failing_tool_is_told(tmp_path: Path) -> None:
    with pytest.raises((FileNotFoundError, SystemExit)):
        steps.call('score.py', str(tmp_path / 'none.csv'), str(tmp_path / 'none.json'))


def test_the_page_keeps_what_was_measured(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = runpy.run_path(str(project / 'tools/benchmarks/after_training.py'))
    main: Any = module['main']
    entry = dict(made='by hand', rows=[['one', '1', '2', '3']], remark='a remark')
    file = tmp_path / 'after_training.json'
    file.write_text(json.dumps(dict(first=entry, second=entry)))
    main(['--out', str(tmp_path)])
    page = (tmp_path / 'after_training.md').read_text()
    assert page.count('| one | 1 | 2 | 3 |') == page.count('a remark') == 2
    rows = [['two', '4', '5', '6', '+7.00', '+1.00 to +9.00']]
    found = dict(rows=rows, weights=[0.25, 0.75])
    monkeypatch.setitem(main.__globals__, 'measure', lambda *args: found)
    options = ['--cfg-options', 'train_cfg.max_iters=3']
    main(['first=/data', '--out', str(tmp_path), *options])
    page = (tmp_path / 'after_training.md').read_text()
    assert '| two | 4 | 5 | 6 | +7.00 | +1.00 to +9.00 |' in page
    assert page.count('a remark') == page.count('change of global |') == 1
    assert '| one | 1 | 2 | 3 |' in page and ': 0.250, 0.750.' in page
    assert 'first=FOLDER' in page and 'train_cfg.max_iters=3' in page
    assert '/data' not in page
    with pytest.raises(ConfigError, match='expected NAME=FOLDER'):
        main(['first', '--out', str(tmp_path)])
