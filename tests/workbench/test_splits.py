"""The distance of splits is scipy's, and chance is what it is called."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from mmseg_trash.workbench.splits import (
    MEASURES,
    compare_splits,
    fold_splits,
    jensen_shannon,
    open_splits,
)

from .conftest import Data, box


def test_distance_is_scipys() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.random((2, 5, 7))
    p[:, 0] = q[:, 1] = 0
    expected = [jensenshannon(a, b, base=2) for a, b in zip(p, q)]
    assert np.allclose(jensen_shannon(p, q), expected)
    ends = np.eye(2)
    assert jensen_shannon(ends[0], ends[1]) == 1 and jensen_shannon(p[0], p[0]) == 0
    assert np.isnan(jensen_shannon(np.zeros(3), p[0, :3]))


@pytest.fixture
def halves(data: Data) -> Data:
    """All Battery in the training part; Paper alike in both."""
    for n in range(40):
        data.image(f'a{n}.jpg', ('Paper', [box(2, 2, 10, 10 + n % 3)]))
        if n % 2:
            data.add(n, 'Battery', [box(30, 30, 8, 8)])
    return data


def test_parts_that_differ(halves: Data) -> None:
    root = halves.write()
    val = Data(root, first=500)
    for n in range(20):
        val.image(f'b{n}.jpg', ('Paper', [box(2, 2, 10, 10 + n % 3)]))
    val.write('val.json')
    splits = open_splits(root)
    assert list(splits) == ['train', 'val']
    found = {(d.measure, d.label): d for d in compare_splits(splits)}
    classes = splits['train'].classes
    assert len(found) == len(MEASURES) * len(classes)
    battery, paper = classes.index('Battery'), classes.index('Paper')
    away = found['images', battery]
    assert away.values == (0.5, 0) and away.chance < 0.02
    assert away.distance == pytest.approx(jensenshannon([0.5, 0.5], [0, 1], base=2))
    assert found['objects', battery].values == (pytest.approx(1 / 3), 0)
    alike = found['sizes', paper]
    assert alike.chance > 0.5 and alike.distance < 0.1
    assert np.isnan(found['sizes', battery].distance)
    assert (
        compare_splits(splits, seed=1)[5].distance == compare_splits(splits)[5].distance
    )


def test_folds_and_the_whole(halves: Data) -> None:
    root = halves.write('train_all.json')
    (root / 'folds').mkdir()
    names = [image['file_name'] for image in halves.images]
    for fold in range(2):
        (root / f'folds/fold{fold}_val.txt').write_text('\n'.join(names[fold::2]))
    whole = open_splits(root)['train_all']
    folds = fold_splits(whole)
    assert {k: len(v) for k, v in folds.items()} == {'fold0': 20, 'fold1': 20}
    found = compare_splits({'train_all': whole, **folds}, rounds=50)
    assert {(d.first, d.second) for d in found} == {('fold0', 'fold1')}
    battery = whole.classes.index('Battery')
    values = [d.values for d in found if (d.measure, d.label) == ('images', battery)]
    assert values == [(0, 1)]


def test_no_json(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'train\.json'):
        open_splits(tmp_path)
