"""CVAT's XML: read here by hand, there and back, edited, broken."""

import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.handover.album import Picture
from mmseg_trash.handover.coco_json import read_coco, write_coco
from mmseg_trash.handover.convert import export_album, import_album
from mmseg_trash.handover.cvat_reader import read_cvat
from mmseg_trash.handover.cvat_writer import runs_of
from mmseg_trash.metainfo import CLASSES

SHELL = (
    '<annotations><version>1.1</version>'
    '<image id="0" name="a.jpg" width="20" height="10">{}</image></annotations>'
)


def write(tmp_path: Path, inner: str) -> Path:
    file = tmp_path / 'in.xml'
    file.write_text(SHELL.format(inner))
    return file


def test_runs_by_a_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        crop = rng.random((rng.integers(1, 6), rng.integers(1, 6))) > rng.random()
        value, runs = False, [0]
        for row in crop:
            for pixel in row:
                if bool(pixel) != value:
                    runs.append(0)
                    value = not value
                runs[-1] += 1
        assert runs_of(crop) == runs


def test_the_file_by_hand(root: Path, tmp_path: Path) -> None:
    """A mask is painted pixel by pixel as CVAT's documentation says."""
    album, file = export_album(root / 'train.json', tmp_path / 'out', 'cvat', root)
    tree = Xml.parse(file).getroot()
    assert tree.findtext('version') == '1.1'
    names = [label.findtext('name') for label in tree.iter('label')]
    assert names == list(CLASSES[1:])
    images = tree.findall('image')
    assert [i.get('name') for i in images] == ['a b/1.jpg', '2.jpg', '3.jpg']
    polygon, mask, _ = images[0]
    assert polygon.get('points') == '1.123456,2.5;40.07,3.0;30.0,50.333'
    assert {a.get('name'): a.text for a in polygon} == {
        'iscrowd': 'false', 'coco_id': '3', 'area': '900.5', 'pixels': '910',
    }  # fmt: skip
    assert int(mask.get('z_order', 0)) > int(polygon.get('z_order', 9))
    seen = np.zeros((61, 83), bool)
    left, top, width = (int(mask.attrib[k]) for k in ('left', 'top', 'width'))
    place = 0
    for number, run in enumerate(map(int, mask.attrib['rle'].split(','))):
        for pixel in range(place, place + run):
            seen[top + pixel // width, left + pixel % width] = number % 2
        place += run
    region = album.pictures[0].region(album.pictures[0].shapes[1])
    x, y, w, h = region.box
    assert np.array_equal(seen[y : y + h, x : x + w], region.crop)
    assert seen.sum() == region.crop.sum() == 25 * 43 - 150
    groups = [e.get('group_id') for e in images[1]]
    assert groups == ['1', '1', None, None, None] and not len(images[2])


def test_there_and_back(root: Path, tmp_path: Path, same: Any) -> None:
    album, file = export_album(root / 'train.json', tmp_path / 'out', 'cvat', root)
    same(album, read_cvat(file), 0)
    # CVAT itself writes two decimals
    text = re.sub(
        r'(?<=[";])(-?[\d.]+),(-?[\d.]+)',
        lambda m: f'{float(m[1]):.2f},{float(m[2]):.2f}',
        file.read_text(),
    )
    assert '1.12,2.50;40.07,3.00' in text
    with zipfile.ZipFile(tmp_path / 'task.zip', 'w') as archive:
        archive.writestr('annotations.xml', text)
    same(album, read_cvat(tmp_path / 'task.zip'), 0.01)
    out = tmp_path / 'back.json'
    import_album(file, out, root / 'train.json')
    back, raw = read_coco(out)
    same(album, back, 0)
    _, original = read_coco(root / 'train.json')
    assert raw['images'] == original['images']
    assert raw['categories'] == original['categories']
    import_album(file, out)
    assert [c['id'] for c in read_coco(out)[1]['categories']] == list(range(1, 11))


def test_predictions_are_a_second_set(root: Path, tmp_path: Path, same: Any) -> None:
    parts = (root / 'train.json', tmp_path / 'out', 'cvat', root, root / 'predictions')
    album, file = export_album(*parts)
    tree = Xml.parse(file).getroot()
    found = [m.attrib for m in tree.iter('mask') if 'predicted' in m.attrib['label']]
    assert len(found) == 11 and {m['source'] for m in found} == {'auto'}
    (last,) = (m for m in found if m['rle'] == f'0, {61 * 83}')
    assert last['label'] == 'Metal (predicted)'
    same(album, read_cvat(file), 0)
    # an annotator takes one over
    text = re.sub(r'label="Metal \(predicted\)"', 'label="Metal"', file.read_text())
    file.write_text(text)
    counts = [len(p.shapes) for p in read_cvat(file).pictures]
    assert counts == [4, 5, 0]


def test_what_annotators_do(tmp_path: Path) -> None:
    """New shapes, copies with the same attributes, a moved shape, boxes, groups."""
    kept = (
        '<attribute name="coco_id">5</attribute><attribute name="area">77</attribute>'
    )
    pixels = '<attribute name="pixels">{}</attribute>'
    square = 'points="1,1;5,1;5,5;1,5"'
    polygon = '<polygon label="{}" {}>{}</polygon>'
    album = read_cvat(
        write(
            tmp_path,
            polygon.format('paper', square, kept + pixels.format(16))
            + polygon.format('Paper', square, kept + pixels.format(99))
            + '<box label="Metal" xtl="2" ytl="3" xbr="6" ybr="5"/>'
            + '<box label="Metal" xtl="4" ytl="4" xbr="8" ybr="6" rotation="90"/>'
            + polygon.format('Glass', square + ' group_id="3"', '')
            + '<mask label="Glass" group_id="3" rle="1,2,3" left="8" top="8" width="3" '
            'height="2"/>',
        )
    )
    (picture,) = album.pictures
    first, second, box, turned, group = picture.shapes
    assert (first.name, first.area, second.area) == ('Paper', 77, None)
    assert box.segmentation == [[2, 3, 6, 3, 6, 5, 2, 5]]
    assert np.allclose(np.sort(np.reshape(turned.segmentation[0], (4, 2)), 0), [
        [5, 3], [5, 3], [7, 7], [7, 7],
    ])  # fmt: skip
    assert isinstance(group.segmentation, dict)
    assert picture.region(group).crop.sum() == 16 + 2
    write_coco(album, tmp_path / 'out.json')
    _, raw = read_coco(tmp_path / 'out.json')
    assert [a['id'] for a in raw['annotations']] == [5, 6, 7, 8, 9]
    assert raw['annotations'][1]['area'] == 16


@pytest.mark.parametrize('inner, message', [
    ('<polygon label="Papre" points="1,1;2,2;3,1"/>', "unknown .*'Papre'.*Paper"),
    ('<polygon points="1,1;2,2;3,1"/>', r'shape 0 \(polygon\): lacks label'),
    ('<polygon label="Paper" points="1,1;2,2"/>', "points are '1,1;2,2', expected"),
    ('<polygon label="Paper" points="1,1;2,nan;3,1"/>', 'points are'),
    ('<polyline label="Paper" points="1,1;2,2"/>', r'\(polyline\): has no area'),
    ('<tag label="Paper"/>', 'has no area; expected polygon, mask, box'),
    ('<box label="Paper" xtl="a" ytl="3" xbr="6" ybr="5"/>', "xtl is 'a', expected"),
    ('<mask label="Paper" rle="1,2" left="0" top="0" width="3" height="2"/>', 'sum up'),
    ('<mask label="Paper" rle="x" left="0" top="0" width="3" height="2"/>', "is 'x'"),
    ('<mask label="Paper" rle="0,6" left="18" top="0" width="3" height="2"/>', 'each'),
    (
        '<polygon label="Paper" points="1,1;2,2;3,1">'
        '<attribute name="coco_id">q</attribute></polygon>', "coco_id is 'q'",
    ),
    (
        '<polygon label="Paper" points="1,1;2,2;3,1">'
        '<attribute name="iscrowd">maybe</attribute></polygon>', "iscrowd is 'maybe'",
    ),
])  # fmt: skip
def test_errors(tmp_path: Path, inner: str, message: str) -> None:
    with pytest.raises(DataError, match=f'in.xml: image a.jpg.*{message}'):
        read_cvat(write(tmp_path, inner))


def test_other_files(root: Path, tmp_path: Path) -> None:
    file = tmp_path / 'in.xml'
    image = '<image name="a" width="1" height="1"/>'
    for text, message in (
        ('<a', 'is no XML'),
        ('<annotations><track/></annotations>', 'is not "CVAT for images 1.1"'),
        ('<annotations/>', 'has no image'),
        (f'<annotations>{image}{image}</annotations>', 'image a stands twice'),
    ):
        file.write_text(text)
        with pytest.raises(DataError, match=message):
            read_cvat(file)
    with pytest.raises(FileNotFoundError, match=r'none\.xml'):
        import_album(tmp_path / 'none.xml', tmp_path / 'out.json')
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.writestr('other.xml', '')
    with pytest.raises(DataError, match=r'holds no annotations\.xml'):
        read_cvat(tmp_path / 'a.zip')
    with pytest.raises(DataError, match=r'a\.jpg: is no image of the original'):
        import_album(write(tmp_path, ''), tmp_path / 'o.json', root / 'train.json')
    assert not (tmp_path / 'o.json').exists()


def test_another_size_is_refused(root: Path, tmp_path: Path) -> None:
    album, raw = read_coco(root / 'train.json')
    album.pictures[0] = Picture('a b/1.jpg', 60, 60)
    with pytest.raises(DataError, match='is 60x60, the original file says 83x61'):
        write_coco(album, tmp_path / 'out.json', raw)
