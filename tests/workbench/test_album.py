import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench.album import Album, inside


def test_pictures_labels_and_counts(sound) -> None:
    album = Album(sound.write())
    assert len(album) == 12
    row = album.row('batch_01/0004.jpg')
    photograph = cv2.imread(str(album.root / 'batch_01/0004.jpg'))[..., ::-1]
    assert np.array_equal(album.picture(row), photograph)
    label = album.label_map(row)
    assert set(np.unique(label)) == {
        0,
        *map(CLASSES.index, ('Paper', 'Plastic', 'Metal')),
    }
    assert np.array_equal(
        album.pixel_counts[row], np.bincount(label.ravel(), minlength=11)
    )
    assert album.object_counts[row].sum() == 3
    areas = dict(album.object_areas(row))
    assert areas[CLASSES.index('Metal')] == (label == CLASSES.index('Metal')).sum()


def test_outlines_are_the_polygons_of_the_json(sound) -> None:
    album = Album(sound.write())
    outlines = album.outlines(1)
    given = [a for a in sound.annotations if a['image_id'] == 1]
    assert [o.annotation_id for o in outlines] == [a['id'] for a in given]
    for outline, annotation in zip(outlines, given):
        assert outline.label == annotation['category_id']
        assert outline.polygons[0].ravel().tolist() == annotation['segmentation'][0]


def test_outlines_of_run_lengths_enclose_the_pixels(data) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[10:30, 20:50] = 1
    mask[15:20, 30:40] = 0
    counts, flat = [], mask.ravel(order='F')
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges, flat.size]).tolist()
    data.image('a.jpg', ('Glass', dict(size=[64, 64], counts=counts)))
    album = Album(data.write())
    (outline,) = album.outlines(0)
    drawn = np.zeros((64, 64), np.uint8)
    cv2.fillPoly(drawn, [p.astype(np.int32) for p in outline.polygons], 1)
    # A border belongs to what it encloses: the hole shrinks by a pixel.
    assert (drawn >= mask).all()
    assert (drawn != mask).sum() <= 2 * (5 + 10)
    assert len(outline.polygons) == 2


def test_a_name_that_leaves_the_root_is_refused(data, tmp_path: Path) -> None:
    (tmp_path / 'secret.jpg').write_bytes(b'secret')
    data.image('a.jpg', ('Paper', [[2, 2, 20, 2, 20, 20]]))
    root = data.write()
    content = json.loads((root / 'train.json').read_text())
    content['images'].append(
        {**content['images'][0], 'id': 7, 'file_name': '../secret.jpg'}
    )
    (root / 'train.json').write_text(json.dumps(content))
    album = Album(root)
    with pytest.raises(DataError, match='outside'):
        album.picture(1)
    with pytest.raises(DataError, match='outside'):
        Album(root, '../other.json')


def test_links_are_followed_only_where_allowed(sound, tmp_path: Path) -> None:
    root = sound.write()
    far = tmp_path / 'far'
    (root / 'batch_01').rename(far)
    (root / 'batch_01').symlink_to(far)
    with pytest.raises(DataError, match='outside'):
        Album(root).picture(0)
    assert Album(root, allowed=[far]).picture(0).shape == (64, 64, 3)


def test_inside(tmp_path: Path) -> None:
    assert inside(tmp_path / 'a' / '..' / 'b', [tmp_path]) == tmp_path / 'b'
    with pytest.raises(DataError):
        inside(tmp_path.parent, [tmp_path])


def test_messages(sound) -> None:
    root = sound.write()
    content = json.loads((root / 'train.json').read_text())
    del content['annotations']
    (root / 'test.json').write_text(json.dumps(content))
    album = Album(root, 'test.json')
    with pytest.raises(DataError, match='no annotations'):
        album.label_map(0)
    with pytest.raises(DataError, match=r'no image .x\.jpg'):
        album.row('x.jpg')
    (root / 'batch_01' / '0000.jpg').write_bytes(b'no image')
    with pytest.raises(DataError, match='no readable image'):
        album.picture(0)
