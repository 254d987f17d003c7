"""TensorBoard's own reader finds what a run by default logs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash import launch

from .runs import LOSSES, MIOUS, expected, fail, tracked

accumulators = pytest.importorskip(
    'tensorboard.backend.event_processing.event_accumulator'
)


def read(work_dir: Path) -> object:
    (file,) = work_dir.glob('*/vis_data/events.*')
    return accumulators.EventAccumulator(str(file), dict(images=0, scalars=0)).Reload()


def test_a_run(toy_root: Path, tmp_path: Path) -> None:
    cfg = tracked('', toy_root, tmp_path)
    launch.run_training(cfg)
    events = read(tmp_path / 'run9')
    names = set(events.Tags()['scalars'])
    assert names >= LOSSES | MIOUS | {'lr', 'IoU_Paper_pack'}
    for name in ('loss', 'lr', 'mIoU', 'mIoU_256'):
        found = [[event.step, event.value] for event in events.Scalars(name)]
        assert np.allclose(found, expected(tmp_path / 'run9', name))
    panels = [name for name in events.Tags()['images'] if name.startswith('panel_')]
    assert [name.split('_')[1] for name in sorted(panels)] == ['1', '2', '3', '4']
    (event,) = events.Images(sorted(panels)[0])
    picture = cv2.imdecode(
        np.frombuffer(event.encoded_image_string, np.uint8), cv2.IMREAD_COLOR
    )
    assert event.step == 2 and picture.shape == (128, 3 * 128, 3)
    (text,) = events.Tensors('config/text_summary')
    config = text.tensor_proto.string_val[0].decode()
    assert f'git_commit={cfg.provenance.git_commit!r}' in config
    assert repr(cfg.provenance.data_hash) in config


def test_a_failed_run_keeps_its_last_numbers(
    toy_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(tracked('', toy_root, tmp_path), monkeypatch)
    (event,) = read(tmp_path / 'run9').Scalars('loss')
    assert event.step == 1
