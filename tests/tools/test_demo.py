"""The demonstration makes all that its last words name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmseg_trash.demo import best_checkpoint, has_labels, summary
from mmseg_trash.errors import DataError


def test_has_labels(tmp_path: Path) -> None:
    file = tmp_path / 'test.json'
    file.write_text(json.dumps(dict(images=[], annotations=[])))
    assert not has_labels(file)
    file.write_text(json.dumps(dict(images=[], annotations=[dict(id=1)])))
    assert has_labels(file)


def test_the_best_checkpoint_is_that_of_the_higher_score(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='holds no checkpoint'):
        best_checkpoint(tmp_path)
    (tmp_path / 'iter_9.pth').touch()
    assert best_checkpoint(tmp_path).name == 'iter_9.pth'
    for name, score in (('best_ema_mIoU_iter_4', 31.0), ('best_mIoU_iter_8', 30.0)):
        meta = dict(metric='any', score=score)
        torch.save(
            dict(state_dict=dict(a=torch.ones(1)), meta=meta), tmp_path / f'{name}.pth'
        )
        assert best_checkpoint(tmp_path).name == 'best_ema_mIoU_iter_4.pth'


def test_summary_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    """A figure without pixels is null in the JSON, and an old file lacks some."""
    (tmp_path / 'iter_1.pth').touch()
    metrics = tmp_path / 'metrics.json'
    metrics.write_text(json.dumps({'mIoU': 1, 'mIoU_image': 2, 'mIoU_batch': 3}))
    text = summary(tmp_path, 'c.py', 'root', metrics, 'val.json', 61)
    assert 'mIoU (global / image / batch): 1.00 % / 2.00 % / 3.00 %' in text
    assert '256x256' not in text and 'trash against' not in text
    assert 'submission.csv' not in text
    metrics.write_text(json.dumps({'trash_IoU': 74.25}))
    text = summary(tmp_path, 'c.py', 'root', metrics, 'val.json', 61)
    assert 'IoU of trash against background: 74.25 %' in text


@pytest.mark.slow
def test_demo_on_photographs(project: Path, tmp_path: Path) -> None:
    """Twenty iterations on the photographs that ship; each file named is there."""
    done = subprocess.run(
        [
            *(sys.executable, 'tools/demo.py', '--debug'),
            *('--work-dir', str(tmp_path / 'demo')),
        ],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    last = done.stdout.split('== Done in')[1]
    named = re.findall(rf'^({re.escape(str(tmp_path))}\S+)', last, re.MULTILINE)
    assert len(named) >= 7
    assert all(Path(name).exists() for name in named)
    assert 'On the photographs of test.json' in last
