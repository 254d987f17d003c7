"""Probabilities on disk: exact within their levels, guarded, resumable."""

from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.store import META, SUFFIX, ProbStore

CLASSES = ('a', 'b', 'c')


def _probs(seed: int = 0, shape: tuple[int, int] = (9, 7)) -> np.ndarray:
    random = np.random.default_rng(seed)
    probs = random.dirichlet([0.3] * 3, shape).astype(np.float32)
    return np.moveaxis(probs, -1, 0)


@pytest.mark.parametrize('kind, error', [('uint8', 1 / 170), ('float16', 1 / 1024)])
def test_round_trip(tmp_path: Path, kind: str, error: float) -> None:
    store = ProbStore(tmp_path, CLASSES, kind, dict(config='x'))
    store.write('batch/1.jpg', _probs())
    assert 'batch/1.jpg' in store and 'batch/2.jpg' not in store
    again = ProbStore.open(tmp_path)
    assert (again.classes, again.kind) == (CLASSES, kind)
    found = again.read('batch/1.jpg')
    assert found.dtype == np.float32 and np.allclose(found.sum(0), 1)
    assert np.abs(found - _probs()).max() < error
    assert list(again) == ['batch/1.jpg'] and len(again) == 1


def test_levels_before_normalising(tmp_path: Path) -> None:
    ProbStore(tmp_path, CLASSES).write('1', _probs())
    kept = np.load(tmp_path / f'1{SUFFIX}')['probs'] / 255
    assert np.abs(kept - _probs()).max() <= 1 / 510 + 1e-6


@pytest.mark.parametrize('kind', ['uint8', 'float16'])
def test_label_maps_stay(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(1)
    probs = random.uniform(0.333, 0.334, (3, 64, 64)).astype(np.float32)
    store = ProbStore(tmp_path, CLASSES, kind)
    store.write('1', probs / probs.sum(0))
    assert np.array_equal(store.read('1').argmax(0), probs.argmax(0))


def test_other_sources_are_refused(tmp_path: Path) -> None:
    ProbStore(tmp_path, CLASSES, source=dict(tta=False))
    ProbStore(tmp_path, CLASSES, source=dict(tta=False))
    for classes, kind, source in (
        (CLASSES, 'uint8', dict(tta=True)),
        (CLASSES, 'float16', dict(tta=False)),
        (('a', 'b'), 'uint8', dict(tta=False)),
    ):
        with pytest.raises(DataError, match='was made with'):
            ProbStore(tmp_path, classes, kind, source)


def test_a_refusal_names_what_differs_alone(tmp_path: Path) -> None:
    made = dict(config='a.py', members=[dict(w=1), dict(w=2)], inputs='x' * 200)
    ProbStore(tmp_path, CLASSES, source=made)
    other = {**made, 'members': [dict(w=1), dict(w=3)], 'tta': True}
    with pytest.raises(DataError) as caught:
        ProbStore(tmp_path, CLASSES, source=other)
    assert str(caught.value) == (
        f'{tmp_path / META}: was made with source.members[1].w 2, not 3; with '
        'source.tta None, not True; choose another folder'
    )
    with pytest.raises(DataError) as caught:
        ProbStore(tmp_path, CLASSES, source={**made, 'inputs': 'y' * 200})
    assert len(str(caught.value)) < 300 + len(str(tmp_path)), 'long values are cut'


@pytest.mark.parametrize('keep', [0, 4, 200, -30])
def test_a_file_that_was_cut_off(tmp_path: Path, keep: int) -> None:
    store = ProbStore(tmp_path, CLASSES)
    store.write('1', _probs())
    file = tmp_path / f'1{SUFFIX}'
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(DataError, match=r'1\.probs\.npz: cannot be read'):
        store.read('1')


def test_bad_input(tmp_path: Path) -> None:
    store = ProbStore(tmp_path, CLASSES)
    with pytest.raises(DataError, match='expected 3 x H x W'):
        store.write('1', _probs()[:2])
    with pytest.raises(DataError, match='run from'):
        store.write('1', _probs() * 5)
    with pytest.raises(DataError, match='leads out of'):
        store.write('../1', _probs())
    with pytest.raises(FileNotFoundError, match="has no '1'"):
        store.read('1')
    (tmp_path / f'1{SUFFIX}').write_bytes(b'PK cut off')
    with pytest.raises(DataError, match='cannot be read'):
        store.read('1')
    (tmp_path / META).write_text('[')
    with pytest.raises(DataError, match='no description'):
        ProbStore.open(tmp_path)
    with pytest.raises(FileNotFoundError, match='no store'):
        ProbStore.open(tmp_path / 'none')
    with pytest.raises(ValueError, match='kind'):
        ProbStore(tmp_path / 'x', CLASSES, 'int4')
