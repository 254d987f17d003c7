import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.submission import (
    decode_label_map,
    encode_label_map,
    read_image_ids,
    validate_submission,
    write_submission,
)

NAMES = ['batch_02_vt/0007.jpg', 'batch_01_vt/0021.jpg', 'batch_03/0001.jpg']


def random_label(seed: int, side: int = 256, high: int = 11) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, (side, side), dtype=np.uint8)


def write_json(path: Path, names: list[str] = NAMES) -> Path:
    images = [dict(id=i, file_name=name) for i, name in enumerate(names)]
    path.write_text(json.dumps(dict(images=images)))
    return path


@pytest.mark.parametrize('dtype', [np.uint8, np.int64, np.int32])
def test_encode_equals_the_naive_text(dtype: type) -> None:
    label = random_label(0).astype(dtype)
    assert encode_label_map(label) == ' '.join(map(str, label.ravel().tolist()))


def test_encode_three_digits_and_a_transposed_view() -> None:
    label = random_label(1, side=40, high=256).T
    naive = ' '.join(str(v) for row in label.tolist() for v in row)
    assert encode_label_map(label, num_classes=256) == naive


def test_decode_inverts_encode() -> None:
    label = random_label(2)
    decoded = decode_label_map(encode_label_map(label))
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, label)


@pytest.mark.parametrize('text', ['0 1 2', '0 1 2 300', '0 1 2 -1', '0 1 2 x'])
def test_decode_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r'300|-1|x|reshape'):
        decode_label_map(text, (2, 2))


@pytest.mark.parametrize(
    ('label', 'message'),
    [
        (np.array([[0, 11]]), r'label 11 is out of range, expected 0\.\.10'),
        (np.array([[-1, 3]]), 'label -1 is out of range'),
        (np.array([[255, 3]], dtype=np.uint8), 'label 255'),
        (np.zeros((2, 2)), 'float64'),
        (np.zeros((0, 4), dtype=np.uint8), 'shape'),
    ],
)
def test_encode_refuses(label: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_label_map(label)


def test_write_gives_rows_in_order_at_256(tmp_path: Path) -> None:
    labels = [random_label(i, side) for i, side in enumerate((512, 256, 512))]
    path = tmp_path / 'new' / 'submission.csv'
    assert write_submission(zip(NAMES, labels), path, NAMES) == 3
    csv.field_size_limit(1 << 20)
    with path.open(newline='') as file:
        header, *rows = list(csv.reader(file))
    assert header == ['image_id', 'PredictionString']
    assert [row[0] for row in rows] == NAMES
    for row, label in zip(rows, labels):
        step = label.shape[0] // 256
        expected = label[::step, ::step].ravel().tolist()
        assert row[1].split(' ') == [str(value) for value in expected]
    assert validate_submission(path, write_json(tmp_path / 'test.json')) == []


def test_write_takes_the_nearest_pixel_of_any_shape(tmp_path: Path) -> None:
    label = np.random.default_rng(5).integers(0, 11, (300, 427), dtype=np.uint8)
    write_submission([('a.jpg', label)], tmp_path / 's.csv')
    text = (tmp_path / 's.csv').read_text().splitlines()[1].split(',')[1]
    naive = [
        [label[row * 300 // 256, column * 427 // 256] for column in range(256)]
        for row in range(256)
    ]
    assert decode_label_map(text).tolist() == np.array(naive).tolist()


def test_write_quotes_a_name_with_a_comma(tmp_path: Path) -> None:
    names = ['a,"b.jpg', 'ü c.jpg']
    path = tmp_path / 's.csv'
    write_submission([(name, random_label(0)) for name in names], path, names)
    assert validate_submission(path, write_json(tmp_path / 't.json', names)) == []


@pytest.mark.parametrize(
    ('written', 'message'),
    [
        (
            NAMES[:2],
            "1 of 3 images were not predicted, the first is 'batch_03/0001.jpg'",
        ),
        ([NAMES[0], NAMES[0]], '0007.jpg: predicted twice'),
        ([NAMES[1]], "0021.jpg: predicted where 'batch_02_vt/0007.jpg' was expected"),
        ([*NAMES, 'x.jpg'], "x.jpg: predicted where 'no further image' was expected"),
    ],
)
def test_write_refuses_other_images(
    tmp_path: Path, written: list[str], message: str
) -> None:
    rows = ((name, random_label(0)) for name in written)
    with pytest.raises(DataError, match=message):
        write_submission(rows, tmp_path / 's.csv', NAMES)
    assert list(tmp_path.iterdir()) == []


def test_write_names_the_image_of_a_bad_label(tmp_path: Path) -> None:
    bad = np.full((512, 512), 11, dtype=np.uint8)
    with pytest.raises(DataError, match=r'a\.jpg: label 11 is out of range'):
        write_submission([('a.jpg', bad)], tmp_path / 's.csv')
    with pytest.raises(DataError, match=r'a\.jpg: expected a label map H x W'):
        write_submission([('a.jpg', bad[None])], tmp_path / 's.csv')
    assert list(tmp_path.iterdir()) == []


def test_write_leaves_the_old_file_when_it_fails_midway(tmp_path: Path) -> None:
    path = tmp_path / 's.csv'
    path.write_text('old')

    def rows():
        yield NAMES[0], random_label(0)
        assert len(list(tmp_path.iterdir())) == 2
        raise RuntimeError('power cut')

    with pytest.raises(RuntimeError, match='power cut'):
        write_submission(rows(), path)
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


def test_write_streams(tmp_path: Path) -> None:
    """Each row is written before the next one is asked for."""
    sizes = []

    def rows():
        for name in NAMES:
            files = [p for p in tmp_path.iterdir() if p.suffix == '.csv']
            sizes.append(files[0].stat().st_size)
            yield name, random_label(0)

    write_submission(rows(), tmp_path / 's.csv')
    assert sizes[0] < 100 < 100_000 < sizes[1] < sizes[2]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'expected a COCO JSON'),
        ('[]', 'expected a COCO JSON'),
        ('{"images": [{}]}', 'file_name'),
        ('{"images": []}', 'holds no images'),
        (
            '{"images": [{"file_name": "a"}, {"file_name": "a"}]}',
            "'a' stands in it twice",
        ),
    ],
)
def test_read_image_ids_refuses(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'test.json'
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_image_ids(path)
