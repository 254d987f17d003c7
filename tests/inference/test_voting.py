"""Voting over submission files, against a count pixel by pixel."""

import math
import runpy
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.inference.voting import (
    hard_vote,
    parse_labels,
    read_submission,
    vote_rows,
)


def _slow_vote(labels: np.ndarray, weights: list[float]) -> np.ndarray:
    out = np.empty(labels.shape[1:], labels.dtype)
    for place in np.ndindex(out.shape):
        votes: Counter = Counter()
        for label, weight in zip(labels[(slice(None), *place)].tolist(), weights):
            votes[label] += weight
        most = max(votes.values())
        first = [v for v in labels[(slice(None), *place)].tolist() if votes[v] == most]
        out[place] = first[0]
    return out


@pytest.mark.parametrize('members', [1, 2, 3, 5, 6])
def test_equals_a_loop(members: int) -> None:
    random = np.random.default_rng(members)
    labels = random.integers(0, 4, (members, 9, 7)).astype(np.uint8)
    assert np.array_equal(hard_vote(labels), _slow_vote(labels, [1] * members))
    weights = random.integers(1, 4, members).tolist()
    assert np.array_equal(hard_vote(labels, weights), _slow_vote(labels, weights))


def test_ties_go_to_the_first_member_despite_rounding() -> None:
    labels = np.array([[[1]], [[2]], [[2]]], np.uint8)
    assert hard_vote(labels, [0.3, 0.1, 0.2]) == 1  # .1 + .2 > .3 in floating point
    assert hard_vote(labels, [0.3, 0.1, 0.21]) == 2
    with pytest.raises(ValueError, match='at least one'):
        hard_vote(labels[:0])
    for wrong in ([1, 1], [1, 1, 0], [1, 1, math.nan], [1, 1, math.inf]):
        with pytest.raises(ValueError, match='3 positive weights'):
            hard_vote(labels, wrong)


def test_parse() -> None:
    values = np.random.default_rng(0).integers(0, 256, 500)
    text = ' '.join(map(str, values)).encode()
    assert np.array_equal(parse_labels(text), values)
    for wrong in (b'', b'1  2', b' 1', b'1 ', b'-1', b'1.0', b'256', b'1000', b'a'):
        with pytest.raises(ValueError, match='expected'):
            parse_labels(wrong)


def _write(path: Path, seed: int, names: list[str]) -> np.ndarray:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 11, (len(names), 8, 8)).astype(np.uint8)
    write_submission(zip(names, labels), path, size=8)
    return labels


def test_tool(
    tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ['batch/1.jpg', 'a, "b".jpg', 'batch/2.jpg']
    files = [str(tmp_path / f'{n}.csv') for n in range(3)]
    labels = np.stack([_write(Path(f), n, names) for n, f in enumerate(files)])
    main = runpy.run_path(str(project / 'tools/vote.py'))['main']
    out = tmp_path / 'out.csv'
    main([*files, '--out', str(out), '--size', '8'])
    assert '3 rows from 3 members' in capsys.readouterr().out
    found = list(read_submission(out, 8))
    assert [name for name, _ in found] == names
    for place, (_, label) in enumerate(found):
        assert np.array_equal(label, _slow_vote(labels[:, place], [1, 1, 1]))
    for weights in (['1'], ['1', '1', '-1'], ['1', '1', 'nan'], ['inf'] * 3):
        with pytest.raises(ConfigError, match='--weights'):
            main([*files, '--weights', *weights])
    with pytest.raises(ConfigError, match='--size: must be at least 1, got 0'):
        main([*files, '--size', '0'])


def test_members_must_agree(tmp_path: Path) -> None:
    a, b = tmp_path / 'a.csv', tmp_path / 'b.csv'
    _write(a, 0, ['1', '2'])
    for names, message in (
        (['1', '3'], "'3' in row 2"),
        (['1'], 'no row in row 2'),
        (['1', '2', '4'], "has '4' besides"),
    ):
        _write(b, 1, names)
        with pytest.raises(DataError, match=message):
            list(vote_rows([a, b], size=8))
    with pytest.raises(DataError, match=r'a\.csv:2: 1: 64 integers, expected 65536'):
        list(vote_rows([a]))
    a.write_text('x,y\n')
    with pytest.raises(DataError, match='expected the header'):
        list(vote_rows([a]))
    a.write_text('image_id,PredictionString\n1,2,3\n')
    with pytest.raises(DataError, match='3 columns'):
        list(vote_rows([a]))
    with pytest.raises(FileNotFoundError):
        list(vote_rows([tmp_path / 'none.csv']))


@pytest.mark.parametrize('content, message', [
    ('image_id,PredictionString\nü.jpg,1'.encode('latin-1'), 'is no CSV in UTF-8'),
    (b'\xef\xbb\xbfimage_id,PredictionString\n', r"got '.ufeffimage_id,Pred"),
    (b'image_id,PredictionString\n"' + b'1' * (1 << 25) + b'",1\n', 'is no CSV'),
    (b'image_id,PredictionString\n', r'a\.csv: has no rows'),
    (b'', "got ''"),
])  # fmt: skip
def test_files_that_are_no_submission(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / 'a.csv').write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(vote_rows([tmp_path / 'a.csv'] * 2))
    with pytest.raises(DataError, match='is no CSV'):
        list(vote_rows([tmp_path]))
