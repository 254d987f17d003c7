from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.contact_sheet import (
    contact_sheet,
    write_picture,
    write_sheets,
)
from mmseg_trash.inference.lettering import legend, text_strip
from mmseg_trash.inference.visualize import (
    ERRORS,
    class_entries,
    colourise,
    error_kinds,
    error_map,
    fit,
    overlay,
)
from mmseg_trash.metainfo import PALETTE


def photograph(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_colourise_gives_rgb_of_the_official_palette() -> None:
    label = np.arange(11, dtype=np.uint8).reshape(1, 11)
    assert colourise(label)[0].tolist() == [list(colour) for colour in PALETTE]
    assert colourise(label.astype(np.int64)).dtype == np.uint8


@pytest.mark.parametrize('bad', [11, 254, -1])
def test_colourise_refuses_labels_without_colour(bad: int) -> None:
    with pytest.raises(ValueError, match=f'label {bad} has no colour'):
        colourise(np.array([[0, bad]]))


def test_overlay_leaves_background_and_tints_the_rest() -> None:
    image = np.full((40, 40, 3), 100, dtype=np.uint8)
    label = np.zeros((40, 40), dtype=np.uint8)
    label[10:30, 10:30] = 4
    drawn = overlay(image, label, opacity=0.5)
    assert (drawn[label == 0] == 100).all()
    assert drawn[20, 20].tolist() == [114, 50, 50]
    assert drawn[10, 20].min() > 100, 'the edge is light'


def test_error_kinds_by_hand() -> None:
    truth = np.array([[0, 1, 1, 0, 2, 255]])
    prediction = np.array([[0, 1, 0, 1, 1, 3]])
    assert error_kinds(truth, prediction).tolist() == [[0, 1, 2, 3, 4, 0]]
    picture = error_map(photograph(1, 6), truth, prediction)
    assert picture.shape == (1, 6, 3)
    missed = picture[0, 2].astype(int) - np.array(ERRORS['object missed']) * 0.75
    assert (abs(missed) < 40).all()


@pytest.mark.parametrize('shape', [(40, 60), (60, 40), (300, 300), (500, 9)])
def test_fit_keeps_proportions(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), dtype=np.uint8)
    tile = fit(image, 120)
    assert tile.shape == (120, 120, 3)
    dark = (tile < 128).all(axis=2)
    found = (dark.any(axis=1).sum(), dark.any(axis=0).sum())
    scale = 120 / max(shape)
    assert found == tuple(max(1, round(side * scale)) for side in shape)


def ink(picture: np.ndarray, axis: int) -> np.ndarray:
    """Return the places along one axis that letters touch."""
    return np.flatnonzero((picture < 128).any(axis=(1 - axis, 2)))


def test_text_fits_its_strip() -> None:
    short = text_strip('abc', 200, 22)
    assert short.shape == (22, 200, 3)
    assert 0 < len(ink(short, 1)) < 40
    path = ink(text_strip(f'batch_01/{"x" * 300}.jpg', 200, 40), 1)
    assert path.min() >= 1
    assert path.max() <= 198
    assert len(path) > 120


def test_text_breaks_into_the_lines_that_fit() -> None:
    one = text_strip('Paper 12%, Metal 3%', 200, 40)
    two = text_strip('Paper 12%, Metal 3%, Plastic bag 1%, Glass 1%', 200, 40)
    more = text_strip(', '.join(['Plastic bag 12%'] * 9), 200, 40)
    assert ink(one, 0).max() < 20 < ink(two, 0).max() <= ink(more, 0).max() < 40


def test_legend_wraps_and_shows_every_colour() -> None:
    entries = class_entries()
    assert len(entries) == 10
    wide, narrow = legend(entries, 1600), legend(entries, 300)
    assert narrow.shape[1] == 300
    assert narrow.shape[0] > 2 * wide.shape[0]
    for _, colour in entries:
        assert (narrow == colour).all(axis=2).any()


def sheet_rows(number: int) -> list:
    return [([photograph(), photograph(60, 40)], ['a', 'b'])] * number


def test_contact_sheet_has_equal_tiles() -> None:
    pictures, captions = zip(*sheet_rows(3))
    sheet = contact_sheet(
        pictures, ('one', 'two'), captions, [class_entries()], tile=100
    )
    assert sheet.shape[1] == 2 * 100 + 3 * 6
    assert sheet.shape[0] > 3 * 140 + 30
    with pytest.raises(ValueError, match='2 pictures under 1 headings'):
        contact_sheet(pictures, ('one',), captions, [])
    with pytest.raises(ValueError, match='at least one row'):
        contact_sheet([], ('one',), [], [])


def test_write_sheets_numbers_them_and_keeps_colours(tmp_path: Path) -> None:
    red = np.zeros((10, 10, 3), dtype=np.uint8)
    red[..., 0] = 200
    rows = [([red], ['red'])] * 5
    paths = list(write_sheets(rows, ('h',), [], tmp_path / 'x' / 's.png', per_sheet=2))
    assert [path.name for path in paths] == ['s_01.png', 's_02.png', 's_03.png']
    assert sorted(paths) == sorted((tmp_path / 'x').iterdir())
    stored = cv2.imread(str(paths[0]))
    assert stored[30 + 100, 6 + 100].tolist() == [0, 0, 200], 'BGR red'
    assert cv2.imread(str(paths[2])).shape[0] < stored.shape[0]


def test_write_picture_names_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match=r'p\.png: cannot be written'):
        write_picture(photograph(), tmp_path / 'file' / 'p.png')
