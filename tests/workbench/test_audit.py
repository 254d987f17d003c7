"""Every rule finds its fault, and nothing in sound data."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_trash.workbench.audit import run_audit
from mmseg_trash.workbench.audit_shapes import count_crossings, hull_area, robust_z
from mmseg_trash.workbench.finding import RULES, Finding, Limits
from mmseg_trash.workbench.image_hash import difference_hash, near_pairs

from .conftest import SIDE, Data, box, picture


def found(root: Path, **options) -> dict[str, Finding]:
    """Return the findings by rule, of which there is one at most each."""
    findings = run_audit(root, **options)
    scores = [f.score for f in findings]
    assert scores == sorted(scores, reverse=True)
    assert len({f.rule for f in findings}) == len(findings), list(map(str, findings))
    return {f.rule: f for f in findings}


def test_sound_data_has_no_finding(sound: Data) -> None:
    assert run_audit(sound.write()) == []


@pytest.mark.parametrize('rule, label, polygons', [
    ('area_outlier', 'Metal', [box(20, 16, 40, 40)]),
    ('whole_image', 'Clothing', [box(0, 0, SIDE, SIDE)]),
    ('degenerate', 'Glass', [[10.0, 10, 10, 10, 10, 10]]),
    ('self_crossing', 'Glass', [[20.0, 4, 40, 24, 40, 4, 20, 24]]),
    ('conflict', 'Glass', [box(3, 2, 10, 10)]),
    ('doubled', 'Paper', [box(2, 2, 10, 10)]),
])  # fmt: skip
def test_annotation(sound: Data, rule: str, label: str, polygons) -> None:
    number = sound.add(3, label, polygons)
    findings = found(sound.write())
    findings.pop('hidden', None)  # what is covered wholly is hidden besides
    finding = findings.pop(rule)
    assert not findings
    assert finding.annotation == number and finding.file_name == 'batch_01/0003.jpg'
    assert finding.part == 'train.json' and rule in RULES
    if rule == 'conflict':
        assert finding.other_annotation == 10 and 'Glass and Paper' in finding.message
    if rule != 'degenerate':
        assert finding.box and finding.box[2] > 0


def test_hidden(sound: Data) -> None:
    number = sound.add(5, 'Battery', [box(46, 4, 10, 10)])
    sound.annotations[-1]['area'] = 1000
    for part in (box(44, 2, 8, 14), box(52, 2, 8, 14)):
        sound.add(5, 'Glass', [part])
    finding = found(sound.write())['hidden']
    assert finding.annotation == number


def test_image_without_objects(sound: Data) -> None:
    sound.image('empty.jpg')
    assert found(sound.write())['no_objects'].file_name == 'empty.jpg'


@pytest.mark.parametrize('rule, level', [('too_dark', 3), ('too_bright', 252)])
def test_light(sound: Data, rule: str, level: int) -> None:
    sound.pictures['batch_01/0002.jpg'][:] = level
    findings = found(sound.write())
    assert findings.pop(rule).file_name == 'batch_01/0002.jpg'
    assert set(findings) == {'blurred'}


def test_blurred(sound: Data) -> None:
    name = 'batch_01/0004.jpg'
    sound.pictures[name] = cv2.GaussianBlur(sound.pictures[name], (0, 0), 9)
    assert found(sound.write()).popitem()[1].rule == 'blurred'


def test_files(sound: Data) -> None:
    root = sound.write()
    names = [f'batch_01/{n:04}.jpg' for n in range(4)]
    (root / names[0]).unlink()
    (root / names[1]).write_bytes((root / names[1]).read_bytes()[:500])
    Image.fromarray(picture(77)[: SIDE // 2]).save(root / names[2])
    tag = Image.Exif()
    tag[0x0112] = 3
    Image.fromarray(picture(78)).save(root / names[3], exif=tag)
    findings = {k: f.file_name for k, f in found(root).items()}
    rules = ('missing_image', 'bad_image', 'size_mismatch', 'exif_tag')
    assert findings == dict(zip(rules, names))


def test_turned_by_exif(sound: Data) -> None:
    sound.images[0].update(width=SIDE, height=SIDE // 2)
    root = sound.write()
    tag = Image.Exif()
    tag[0x0112] = 6
    turned = Image.fromarray(picture(79)[: SIDE // 2])
    turned.save(root / 'batch_01/0000.jpg', exif=tag)
    findings = run_audit(root)
    assert [f.rule for f in findings if f.annotation is None] == ['exif_turned']


def other_part(sound: Data, pixels: np.ndarray, name: str) -> None:
    part = Data(sound.root, first=100)
    part.image('val/own.jpg', ('Paper', [box(2, 2, 10, 10)]))
    part.image(name, ('Paper', [box(2, 2, 10, 10)]))
    part.pictures[name] = pixels
    part.write('val.json')


def test_near_duplicate_and_leak(sound: Data) -> None:
    first = sound.pictures['batch_01/0001.jpg']
    brighter = cv2.convertScaleAbs(first, alpha=1.05, beta=4)
    sound.image('copy.jpg', ('Paper', [box(2, 2, 10, 10)]))
    sound.pictures['copy.jpg'] = brighter
    root = sound.write()
    finding = found(root)['near_duplicate']
    assert {finding.file_name, finding.other} == {'copy.jpg', 'batch_01/0001.jpg'}
    sound.images.pop(), sound.annotations.pop(), sound.pictures.pop('copy.jpg')
    root = sound.write()
    other_part(sound, brighter, 'val/copy.jpg')
    leak = found(root)['leak']
    assert (leak.part, leak.file_name) == ('val.json', 'val/copy.jpg')
    assert leak.other == 'batch_01/0001.jpg' and leak.score == 1


def test_one_image_in_two_parts(sound: Data) -> None:
    root = sound.write()
    other_part(sound, sound.pictures['batch_01/0001.jpg'], 'batch_01/0001.jpg')
    assert found(root)['leak'].message == 'stands in train.json too'


def test_fold_leak(sound: Data) -> None:
    sound.image('copy.jpg', ('Paper', [box(2, 2, 10, 10)]), seed=1)
    names = [image['file_name'] for image in sound.images]
    root = sound.write('train_all.json')
    (root / 'folds').mkdir()
    for fold, val in enumerate((names[:6], names[6:])):
        train = [name for name in names if name not in val]
        (root / f'folds/fold{fold}_val.txt').write_text('\n'.join(val))
        (root / f'folds/fold{fold}_train.txt').write_text('\n'.join(train))
    finding = found(root)['fold_leak']
    assert (finding.other, finding.file_name) == ('batch_01/0001.jpg', 'copy.jpg')
    # In one fold it is a near duplicate alone.
    parts = (['batch_01/0000.jpg'], names[1:])
    for fold, val in enumerate(parts):
        (root / f'folds/fold{fold}_val.txt').write_text('\n'.join(val))
        train = '\n'.join(parts[1 - fold])
        (root / f'folds/fold{fold}_train.txt').write_text(train)
    assert set(found(root)) == {'near_duplicate'}


def test_faulty_json_is_audited_all_the_same(sound: Data) -> None:
    sound.add(99, 'Paper', [box(2, 2, 10, 10)])
    sound.add(2, 'Paper', [[1.0, 2, 3]])
    sound.annotations[4]['id'] = 1  # used twice
    number = sound.add(7, 'Glass', [box(3, 2, 10, 10)])
    findings = found(sound.write())
    rules = {'unknown_image', 'odd_polygon', 'duplicate_annotation_id', 'conflict'}
    assert set(findings) == rules
    assert findings['conflict'].annotation == number
    assert findings['odd_polygon'].file_name == 'batch_01/0002.jpg'


def test_broken_json(sound: Data) -> None:
    root = sound.write()
    (root / 'val.json').write_text('{"images": [')
    assert set(found(root)) == {'invalid_json'}
    (root / 'val.json').write_text('[]')
    assert set(found(root)) == {'no_coco'}


def test_whole_is_not_audited_twice(sound: Data) -> None:
    sound.add(3, 'Glass', [box(3, 2, 10, 10)])
    root = sound.write()
    (root / 'train_all.json').write_bytes((root / 'train.json').read_bytes())
    assert [f.part for f in run_audit(root)] == ['train.json']
    findings = run_audit(root, ['train_all.json'])
    assert [f.part for f in findings] == ['train_all.json']


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no folder'):
        run_audit(tmp_path / 'absent')
    with pytest.raises(FileNotFoundError, match='train.json'):
        run_audit(tmp_path)


def test_limits() -> None:
    with pytest.raises(ValueError, match='conflict_iou'):
        Limits(conflict_iou=1.5)


def test_shapes_by_hand() -> None:
    square = np.array(box(0, 0, 4, 5)).reshape(-1, 2)
    assert hull_area(square) == 20 and count_crossings(square) == 0
    bow = np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]])
    assert count_crossings(bow) == 1 and hull_area(bow) == 16
    assert hull_area(np.array([[0.0, 0], [4, 4], [2, 2], [0, 0]])) == 0
    angles = np.arange(5) * 4 * np.pi / 5
    star = np.column_stack([np.cos(angles), np.sin(angles)])
    assert count_crossings(star) == 5
    assert count_crossings(np.repeat(star, 2, axis=0)) == 5
    z = robust_z(np.array([1.0, 2, 3, 4, 100]))
    assert z[4] == pytest.approx(0.6745 * 97) and z[2] == 0


def test_hash_equals_the_library(sound: Data) -> None:
    library = pytest.importorskip('imagehash')
    for pixels in sound.pictures.values():
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        theirs = library.dhash(Image.fromarray(grey)).hash.ravel()
        expected = int(''.join('01'[bit] for bit in theirs.astype(int)), 2)
        assert difference_hash(grey) == expected


def test_near_pairs_against_loops() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**63, 300, dtype=np.uint64)
    codes[290:] = codes[:10] ^ np.uint64(0b101)
    expected = [
        [i, j, int(a ^ b).bit_count()]
        for i, a in enumerate(codes)
        for j, b in enumerate(codes)
        if i < j and int(a ^ b).bit_count() <= 18
    ]
    assert near_pairs(codes, 18).tolist() == expected and len(expected) >= 10


def test_photographs(taco_root: Path) -> None:
    findings = run_audit(taco_root)
    rules = [f.rule for f in findings]
    assert rules.count('conflict') == 8 and rules.count('area_outlier') == 8
    json_ids = {
        a['id']
        for n in ('train', 'val', 'test')
        for a in json.loads((taco_root / f'{n}.json').read_text())['annotations']
    }
    assert {f.annotation for f in findings} <= json_ids
