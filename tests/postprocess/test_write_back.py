import numpy as np
import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.postprocess.write_back import WriteBackParams, agreed_label, write_back

LARGE = np.s_[2:30, 2:34]
SMALL = np.s_[34:38, 34:39]
SPECK = np.s_[35:37, 5:7]


def draw(*objects: tuple) -> np.ndarray:
    label = np.zeros((40, 40), np.uint8)
    for place, value in objects:
        label[place] = value
    return label


def test_restores_the_small_object_alone() -> None:
    """Of what the members agree on, the CRF lost a large, a small and a tiny thing."""
    members = [
        draw((LARGE, 3), (SMALL, 5), (SPECK, 2)),
        draw((LARGE, 3), (SMALL, 5), (SPECK, 2), (np.s_[39:, :4], 7)),
    ]
    crf = draw((np.s_[2:4, 2:34], 3))
    params = WriteBackParams(min_area=5, max_area=100)
    found = write_back(crf, members, params)
    assert np.array_equal(found, draw((np.s_[2:4, 2:34], 3), (SMALL, 5)))
    assert found.dtype == np.uint8
    assert crf[SMALL].max() == 0, 'the input stays as it is'
    lower = write_back(crf, members, WriteBackParams(min_area=4, max_area=100))
    assert (lower[SPECK] == 2).all()
    all_of_it = write_back(crf, members, WriteBackParams(4, 28 * 32))
    assert np.array_equal(all_of_it, members[0])


def test_writes_over_other_classes_where_members_agree() -> None:
    crf = draw((np.s_[32:, 32:], 4))
    found = write_back(crf, [draw((SMALL, 5))])
    assert np.array_equal(found, draw((np.s_[32:, 32:], 4), (SMALL, 5)))


def test_only_pixels_in_common_are_written() -> None:
    shifted = np.s_[34:38, 35:40]
    found = write_back(draw(), [draw((SMALL, 5)), draw((shifted, 5))])
    assert np.array_equal(found, draw((np.s_[34:38, 35:39], 5)))
    # The same place seen as two classes is no agreement.
    assert not write_back(draw(), [draw((SMALL, 5)), draw((SMALL, 6))]).any()


def test_what_the_crf_kept_stays_as_it_shaped_it() -> None:
    kept = draw((np.s_[34:38, 34:37], 5))  # 12 of 20 pixels
    members = [draw((SMALL, 5))]
    assert np.array_equal(write_back(kept, members), kept)
    eager = WriteBackParams(max_kept=0.6)
    assert np.array_equal(write_back(kept, members, eager), members[0])


def test_agreement_by_share() -> None:
    members = [draw((SMALL, 5)), draw((SMALL, 5)), draw()]
    assert not write_back(draw(), members).any()
    two_thirds = WriteBackParams(agreement=2 / 3)
    assert np.array_equal(write_back(draw(), members, two_thirds), members[0])
    assert not write_back(draw(), members, WriteBackParams(agreement=0.7)).any()


def test_agreed_label_equals_counting() -> None:
    generator = np.random.default_rng(0)
    members = list(generator.integers(0, 4, (5, 30, 20), dtype=np.uint8))
    for agreement, needed in ((1.0, 5), (0.8, 4), (0.6, 3), (0.51, 3)):
        votes = (np.stack(members)[None] == np.arange(4)[:, None, None, None]).sum(1)
        expected = np.where(votes.max(0) >= needed, votes.argmax(0), 0)
        assert np.array_equal(agreed_label(members, agreement), expected)
        assert expected.any()


def test_parts_that_touch_at_a_corner_are_one_object() -> None:
    member = draw((np.s_[10:14, 10:13], 5), (np.s_[14:16, 13:16], 5))  # 12 + 6 pixels
    assert np.array_equal(write_back(draw(), [member], WriteBackParams(18)), member)
    assert not write_back(draw(), [member], WriteBackParams(19)).any()


@pytest.mark.parametrize(('change', 'message'), [
    (dict(min_area=0), 'min_area must be an integer from 1, got 0'),
    (dict(max_area=9.5), 'max_area must be an integer from 1, got 9.5'),
    (dict(min_area=9, max_area=8), 'got 9 and 8'),
    (dict(agreement=0.5), r'agreement must lie in \(1/2, 1\], got 0.5'),
    (dict(agreement=1.1), 'agreement'),
    (dict(max_kept=1), 'max_kept must lie in'),
])  # fmt: skip
def test_bad_parameters(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WriteBackParams(**change)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match='at least one member'):
        write_back(draw(), [])
    with pytest.raises(ValueError, match=r'size \(40, 20\), expected \(40, 40\)'):
        write_back(draw(), [draw(), draw()[:, :20]])
    with pytest.raises(ValueError, match='float32'):
        write_back(draw().astype(np.float32), [draw()])
    with pytest.raises(ValueError, match='labels run from -1'):
        write_back(draw().astype(int) - 1, [draw()])
