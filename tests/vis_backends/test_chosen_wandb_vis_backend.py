"""The file that wandb writes offline holds the chosen set."""

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash import launch

from .runs import LOSSES, MIOUS, expected, fail, forget, tracked

wandb = pytest.importorskip('wandb', reason='needs pip install .[trackers]')
BLOCK = 32768


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch, 'WANDB_')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    monkeypatch.setenv('WANDB_PROJECT', 'trash')


def chunks(content: bytes) -> Iterator[bytes]:
    """Yield the records of a file in LevelDB's log format, seven bytes of head."""
    place, record = 7, b''
    while place + 7 <= len(content):
        left = BLOCK - place % BLOCK
        if left < 7:
            place += left
            continue
        _, size, kind = struct.unpack('<IHB', content[place : place + 7])
        record += content[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b''


def read(work_dir: Path) -> dict[str, Any]:
    """Return what an offline run recorded; wandb's process may still be writing it."""
    for _ in range(300):
        found = read_now(work_dir)
        if 'exit' in found:
            return found
        time.sleep(0.1)
    raise TimeoutError('the run has no end')


def read_now(work_dir: Path) -> dict[str, Any]:
    """Return what is written by now."""
    from wandb.proto import wandb_internal_pb2

    (file,) = work_dir.glob('*/vis_data/wandb/offline-run-*/*.wandb')
    rows: list[dict[str, Any]] = []
    found: dict[str, Any] = dict(rows=rows, config={}, folder=file.parent)
    for chunk in chunks(file.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(chunk)
        kind = record.WhichOneof('record_type')
        if kind == 'history':
            rows.append(
                {
                    [*item.nested_key, item.key][0]: json.loads(item.value_json)
                    for item in record.history.item
                }
            )
        elif kind == 'run':
            found.update(name=record.run.display_name, project=record.run.project)
        elif kind == 'exit':
            found['exit'] = record.exit.exit_code
        update = record.run.config if kind == 'run' else record.config
        for item in update.update:
            found['config'][item.key] = json.loads(item.value_json)
    return found


def test_a_run(toy_root: Path, tmp_path: Path) -> None:
    cfg = tracked('wandb', toy_root, tmp_path)
    launch.run_training(cfg)
    found = read(tmp_path / 'run9')
    assert (found['name'], found['project'], found['exit']) == ('run9', 'trash', 0)
    names = {name for row in found['rows'] for name in row if name[0] != '_'}
    classes = {name for name in names if name.startswith('IoU_')}
    panels = {name for name in names if name.startswith('panel_')}
    assert len(classes) == 11 and len(panels) == 4
    assert names == LOSSES | MIOUS | classes | panels | {'lr', 'base_lr', 'iteration'}
    for name in ('loss', 'lr', 'mIoU', 'mIoU_256'):
        points = [[r['iteration'], r[name]] for r in found['rows'] if name in r]
        assert np.allclose(points, expected(tmp_path / 'run9', name))
    steps = {row['iteration'] for row in found['rows'] if panels & set(row)}
    assert steps == {2}
    pictures = list((found['folder'] / 'files/media/images').glob('*.png'))
    assert len(pictures) == 4
    config = found['config']
    assert config['provenance'] == cfg.provenance.to_dict()
    assert config['model'] == json.loads(json.dumps(cfg.model.to_dict()))
    assert not list(found['folder'].rglob('*.py')), (
        'the sources are no part of the chosen set'
    )


def test_a_failure(
    toy_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(tracked('wandb', toy_root, tmp_path), monkeypatch)
    assert read(tmp_path / 'run9')['exit'] == 1
