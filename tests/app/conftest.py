"""A data root with labels, folds and predictions, and an application over it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.postprocess.degraded import degraded_members

CONFIG = 'segvit_vit-b-augreg_1xb8-20k_trash-512x512.py'
MAIN = Path(__file__).parents[2] / 'mmseg_trash' / 'app' / 'main.py'


def altered(label: np.ndarray, seed: int) -> np.ndarray:
    """Return a label map with one class wrong and its pixels moved."""
    rng = np.random.default_rng(seed)
    moved = np.roll(label, int(rng.integers(1, 9)), axis=1)
    present = [value for value in np.unique(moved) if value]
    if present:
        moved[moved == rng.choice(present)] = 1 + seed % 10
    return moved


@pytest.fixture(scope='session')
def app_root(toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the toy data with a fold and predictions of val.json.

    Two submissions, and the stores of two imaginary models.
    """
    from mmseg_trash.workbench.album import Album
    from mmseg_trash.workbench.predictions import open_predictions

    root = tmp_path_factory.mktemp('app') / 'data'
    shutil.copytree(toy_root, root)
    album = Album(root, 'val.json')
    for seed in (1, 2):
        rows = (
            (name, altered(album.label_map(row), seed))
            for row, name in enumerate(album.names)
        )
        write_submission(rows, root / 'predictions' / f'altered_{seed}.csv')
    truth = open_predictions(root / 'val.json')
    for number, member in enumerate(degraded_members(truth, 2)):
        folder, source = root / f'predictions/model_{number}', dict(config=CONFIG)
        store = ProbStore(folder, truth.classes, source=source)
        for name in truth.names:
            store.write(name, member.probs(name))
    names = json.loads((root / 'train.json').read_text())['images']
    (root / 'folds').mkdir(exist_ok=True)
    fold = '\n'.join(image['file_name'] for image in names[:3])
    (root / 'folds' / 'fold0_val.txt').write_text(fold)
    return root


@pytest.fixture
def settings(
    app_root: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Point the pages at the data."""
    from mmseg_trash.app.settings import VARIABLE, Settings

    monkeypatch.setenv(VARIABLE, '')
    monkeypatch.chdir(tmp_path)
    Settings(
        str(app_root),
        configs=str(project / 'configs'),
        decisions=str(tmp_path / 'decisions.json'),
    ).export()
    yield
