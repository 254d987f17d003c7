from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench.album import Album
from mmseg_trash.workbench.predictions import open_predictions
from mmseg_trash.workbench.sources import (
    find_predictions,
    list_folds,
    list_json_files,
)
from mmseg_trash.workbench.viewer import (
    Filter,
    arrange,
    image_scores,
    mean_iou,
    select,
    to_size,
    worst_first,
)

PAPER, METAL, BATTERY = (CLASSES.index(n) for n in ('Paper', 'Metal', 'Battery'))


def square(x: float, y: float, side: float) -> list[list[float]]:
    return [[x, y, x + side, y, x + side, y + side, x, y + side]]


@pytest.fixture
def album(data) -> Album:
    """Four images: small paper; paper and metal; a large battery; nothing."""
    data.image('north/a.jpg', ('Paper', square(2, 2, 8)))
    data.image('north/b.jpg', ('Paper', square(2, 2, 16)), ('Metal', square(30, 30, 8)))
    data.image('south/c.jpg', ('Battery', square(0, 0, 64)))
    data.image('south/D.jpg')
    return Album(data.write())


def names(album: Album, **fields) -> list[str]:
    return [album.names[row] for row in select(album, Filter(**fields))]


def test_filters(album: Album) -> None:
    a, b, c, d = album.names
    assert names(album) == [a, b, c, d]
    assert names(album, text='SOUTH/d') == [d]
    assert names(album, labels=(PAPER,)) == [a, b]
    assert names(album, labels=(PAPER, METAL)) == [a, b]
    assert names(album, labels=(PAPER, METAL), every=True) == [b]
    assert names(album, min_share=0.5) == [c]
    assert names(album, labels=(PAPER,), max_share=0.02) == [a]
    assert names(album, min_objects=2) == [b]
    assert names(album, max_objects=0) == [d]
    assert names(album, names=frozenset([c, a])) == [a, c]
    assert names(album, longest_side=(65, 100)) == []


def test_orders(album: Album) -> None:
    rows = np.arange(4)
    assert arrange(album, rows, 'most objects').tolist() == [1, 0, 2, 3]
    assert arrange(album, rows, 'most pixels')[0] == 2
    assert arrange(album, rows, 'most pixels', [PAPER])[0] == 1
    # Metal and Battery are each in one image, Paper in two.
    assert arrange(album, rows, 'rarest class').tolist() == [1, 2, 0, 3]
    assert arrange(album, rows[::-1], 'name').tolist() == [0, 1, 3, 2]
    with pytest.raises(ValueError, match='order must be'):
        arrange(album, rows, 'best')


def test_scores_against_a_count_by_hand(album: Album, tmp_path: Path) -> None:
    wrong = album.label_map(1).copy()
    wrong[wrong == METAL] = PAPER
    store = ProbStore(tmp_path / 'store', CLASSES)
    for name, label in ((album.names[0], album.label_map(0)), (album.names[1], wrong)):
        store.write(name, np.eye(11, dtype=np.float32)[label].transpose(2, 0, 1))
    found = dict(image_scores(album, open_predictions(tmp_path / 'store'), range(4)))
    assert found[2] is None and found[3] is None
    assert mean_iou(found[0]) == 1
    truth = album.label_map(1)
    parts = [
        ((truth == c) & (wrong == c)).sum() / ((truth == c) | (wrong == c)).sum()
        for c in (0, PAPER, METAL)
    ]
    assert mean_iou(found[1]) == pytest.approx(np.mean(parts))
    scores = np.array([1.0, np.mean(parts), np.nan, 0.1])
    assert worst_first(np.arange(4), scores).tolist() == [3, 1, 0, 2]


def test_to_size_halves_like_the_submission() -> None:
    label = np.random.default_rng(0).integers(0, 11, (512, 512)).astype(np.uint8)
    assert np.array_equal(to_size(label, (256, 256)), label[::2, ::2])
    assert np.array_equal(
        to_size(to_size(label, (256, 256)), (512, 512))[::2, ::2], label[::2, ::2]
    )


def test_sources(album: Album, tmp_path: Path) -> None:
    root = album.root
    (root / 'folds').mkdir()
    (root / 'folds' / 'fold0_val.txt').write_text('north/a.jpg\n')
    (root / 'folds' / 'fold1_val.txt').write_text('not/there.jpg\n')
    assert list_folds(album) == {'fold 0 val': frozenset(['north/a.jpg'])}
    (root / 'notes.json').write_text('{"format": 1}')
    (root / 'other.json').write_text('{"info": {}, "images": []}')
    assert list_json_files(root) == ['train.json', 'other.json']
    rows = ((name, np.zeros((64, 64), np.uint8)) for name in album.names)
    write_submission(rows, root / 'predictions' / 'sub.csv')
    (root / 'table.csv').write_text('a,b\n')
    assert find_predictions(root) == {'sub.csv': str(root / 'predictions' / 'sub.csv')}
    (root / 'predictions' / 'sub.csv').rename(tmp_path / 'far.csv')
    (root / 'sub.csv').symlink_to(tmp_path / 'far.csv')
    assert find_predictions(root) == {}
    (root / 'sub.csv').unlink()
    (tmp_path / 'far.csv').rename(root / 'sub.csv')
    named = find_predictions(root, [str(tmp_path / 'x')])
    assert list(named) == ['x', 'sub.csv']
