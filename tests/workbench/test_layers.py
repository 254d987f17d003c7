import base64

import cv2
import numpy as np
import pytest

from mmseg_trash.inference.visualize import ERRORS
from mmseg_trash.metainfo import CLASSES, PALETTE
from mmseg_trash.workbench import layers
from mmseg_trash.workbench.album import Album
from mmseg_trash.workbench.changes import change_kinds, disagreement_levels


def decode(url: str) -> np.ndarray:
    kind, code = url.split(',', 1)
    assert kind.startswith('data:image/')
    content = np.frombuffer(base64.b64decode(code), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


def test_labels_survive_the_url() -> None:
    label = np.random.default_rng(0).integers(0, 256, (31, 17)).astype(np.uint8)
    assert np.array_equal(decode(layers.label_url(label)), label)


def test_pictures_keep_their_channels() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    assert abs(decode(layers.jpeg_url(red))[16, 16].astype(int) - [0, 0, 200]).max() < 6


def test_legend_names_every_label() -> None:
    entries = {e['label']: e for e in layers.legend(CLASSES, PALETTE, 0)}
    assert set(entries) == {*range(11), 255}
    assert entries[0]['quiet'] and not entries[2]['quiet']
    assert entries[9]['name'] == 'Battery' and entries[9]['colour'] == list(PALETTE[9])


def test_error_panel() -> None:
    truth = np.array([[0, 2, 2, 0, 2, 255]], np.uint8)
    panel = layers.error_panel('E', truth, np.array([[0, 2, 0, 3, 4, 3]], np.uint8))
    assert decode(panel['layer']).tolist() == [[0, 1, 2, 3, 4, 0]]
    assert [e['name'] for e in panel['legend'][1:]] == list(ERRORS)


def test_thumbnail_shows_photograph_and_labels(sound) -> None:
    album = Album(sound.write())
    plain, drawn = (decode(layers.thumbnail(album, 0, 32, o)) for o in (0.0, 0.9))
    assert plain.shape == drawn.shape == (32, 32, 3)
    inside = np.s_[2:5, 2:5]
    assert abs(plain[inside].astype(int) - drawn[inside]).mean() > 20
    assert abs(plain[26:, 26:].astype(int) - drawn[26:, 26:]).mean() < 8


def test_change_kinds() -> None:
    truth = np.array([[1, 1, 1, 1, 255, 0]], np.uint8)
    before = np.array([[1, 0, 1, 2, 1, 0]], np.uint8)
    after = np.array([[1, 1, 0, 3, 2, 0]], np.uint8)
    assert change_kinds(before, after, truth).tolist() == [[0, 1, 2, 3, 0, 0]]
    assert change_kinds(before, after).tolist() == [[0, 1, 1, 1, 1, 0]]


def test_change_kinds_at_the_size_of_a_submission() -> None:
    rng = np.random.default_rng(0)
    truth, before = rng.integers(0, 3, (2, 8, 8)).astype(np.uint8)
    after = rng.integers(0, 3, (4, 4)).astype(np.uint8)
    kinds = change_kinds(before, after, truth)
    small_truth, small = truth[::2, ::2], before[::2, ::2]
    assert kinds.shape == (4, 4)
    assert np.array_equal(kinds > 0, small != after)
    assert np.array_equal(kinds == 1, (small != after) & (after == small_truth))


@pytest.mark.parametrize('number', [2, 3, 4])
def test_disagreement_levels_count_dissenters(number: int) -> None:
    maps = np.random.default_rng(number).integers(0, 3, (number, 6, 6)).astype(np.uint8)
    levels, names = disagreement_levels(list(maps))
    for y, x in np.ndindex(6, 6):
        votes = np.bincount(maps[:, y, x])
        assert levels[y, x] == number - votes.max()
    assert len(names) == number - 1
