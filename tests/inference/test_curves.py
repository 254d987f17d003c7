import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.curves import (
    find_scalars,
    plot_curves,
    read_scalars,
    smooth,
)
from mmseg_trash.progress import track


def write_log(path: Path, *lines: dict | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text('\n'.join(texts))
    return path


def run_log(path: Path) -> Path:
    train = [dict(lr=0.1, loss=9.0 / i, iter=i, step=i) for i in range(1, 21)]
    return write_log(path, *train, dict(mIoU=12.5, mIoU_image=20.0, step=20))


def test_read_scalars(tmp_path: Path) -> None:
    curves = read_scalars(run_log(tmp_path / 'scalars.json'))
    assert curves['loss'] == ([*range(1, 21)], [9.0 / i for i in range(1, 21)])
    assert curves['mIoU'] == ([20.0], [12.5])


def test_resumed_and_killed_run(tmp_path: Path) -> None:
    path = tmp_path / 'scalars.json'
    first, again = dict(loss=2.0, step=2), dict(loss=1.0, step=1)
    write_log(path, first, again, dict(loss=5.0, step=2), '{"loss": 1, "st')
    assert read_scalars(path)['loss'] == ([1.0, 2.0], [1.0, 5.0])


@pytest.mark.parametrize(
    ('lines', 'message'),
    [(['{"a"', '{}'], r'scalars\.json:1: no JSON object'), (['{}'], 'holds no values')],
)
def test_read_scalars_refuses(tmp_path: Path, lines: list[str], message: str) -> None:
    path = write_log(tmp_path / 'scalars.json', *lines)
    with pytest.raises(DataError, match=message):
        read_scalars(path)


def test_find_scalars_takes_the_newest(tmp_path: Path) -> None:
    for stamp in ('20240102_000000', '20240103_000000', '20240101_000000'):
        run_log(tmp_path / stamp / 'vis_data' / 'scalars.json')
    newest = tmp_path / '20240103_000000' / 'vis_data' / 'scalars.json'
    assert find_scalars(tmp_path) == newest
    assert find_scalars(newest.parent) == newest
    assert find_scalars(newest) == newest
    with pytest.raises(FileNotFoundError, match='no vis_data'):
        find_scalars(tmp_path / 'nowhere')


def test_smooth_equals_a_loop() -> None:
    values = np.random.default_rng(0).normal(size=30).tolist()
    naive = [np.mean(values[max(0, i - 6) : i + 1]) for i in range(30)]
    assert np.allclose(smooth(values, 7), naive)
    assert smooth([], 3).size == 0


@pytest.mark.parametrize('number', [1, 2])
def test_plot_curves(tmp_path: Path, number: int) -> None:
    run = read_scalars(run_log(tmp_path / 'scalars.json'))
    path = tmp_path / 'new' / 'curves.png'
    plot_curves({f'run {i}': run for i in range(number)}, path)
    assert cv2.imread(str(path)).shape[1] > 1000
    plot_curves({'run': {'trash_IoU': run['mIoU']}}, path)
    assert cv2.imread(str(path)).shape[1] > 1000
    plot_curves({'run': {'loss': run['loss']}}, path)
    assert cv2.imread(str(path)).shape[1] == 990, 'no empty panel without metrics'


def test_track_without_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(25), 25, 'working')) == list(range(25))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == 'working: 25/25'
