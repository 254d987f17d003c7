"""What is chosen, and that a tracker that fails costs a warning alone."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import VISBACKENDS

from mmseg_trash import launch
from mmseg_trash.vis_backends import ChosenMlflowVisBackend, base
from mmseg_trash.vis_backends.base import ChosenVisBackend


class Noted(ChosenVisBackend):
    """Keep what is logged."""

    def _init_env(self) -> None:
        self.notes: list[Any] = []

    def _log_config(self) -> None:
        self.notes.append(self.provenance)

    def _log_scalars(self, scalars: dict[str, float], step: int) -> None:
        self.notes.append((scalars, step))

    def _log_image(self, name: str, image: np.ndarray, step: int) -> None:
        self.notes.append((name, step))

    def _end(self, failed: bool) -> None:
        self.notes.append(failed)


class Failing(Noted):
    """Fail at every number."""

    def _log_scalars(self, scalars: dict[str, float], step: int) -> None:
        raise ConnectionError('no route to https://me:secret@host/api')


def test_the_chosen_set(tmp_path: Path) -> None:
    backend = Noted(str(tmp_path))
    backend.add_config(Config(dict(work_dir='a/b', provenance=dict(git_commit=None))))
    kept = {
        'loss': torch.tensor(1.5),
        'decode.loss_ce': 1,
        'decode.loss_mask': np.float32(2),
        'val/loss': 1.0,
        'lr': 1e-3,
        'mIoU_image_256': 3.0,
        'ema/mIoU': 4.0,
        'IoU_Paper_pack': float('nan'),
    }
    dropped = {
        'time': 1.0,
        'data_time': 1.0,
        'memory': 5,
        'grad_norm': 2.0,
        'decode.acc_seg': 50.0,
        'decode.d3.loss_mask': 2.0,
        'mAcc': 1.0,
        'loss_map': np.ones(3),
        'loss_name': 'text',
    }
    backend.add_scalars({**kept, **dropped}, step=7)
    backend.add_scalars(dropped, step=8)
    backend.add_image('panel_1_0002', np.zeros((2, 2, 3), np.uint8), step=9)
    backend.add_image('val_0002.jpg', np.zeros((2, 2, 3), np.uint8), step=9)
    backend.close()
    config, (scalars, step), image, failed = backend.notes
    assert config == {} and step == 7 and failed is False
    assert set(scalars) == set(kept)
    assert all(type(value) is float for value in scalars.values())
    assert image == ('panel_1_0002', 9)
    assert backend.run_name == 'b'


def test_other_patterns(tmp_path: Path) -> None:
    backend = Noted(str(tmp_path), scalars=['mAcc'], images=[])
    backend.add_scalars({'mAcc': 1.0, 'loss': 2.0})
    backend.add_image('panel_1', np.zeros((2, 2, 3), np.uint8))
    assert backend.notes == [({'mAcc': 1.0}, 0)]
    with pytest.raises(ValueError, match="got 'loss'"):
        Noted(str(tmp_path), scalars='loss')


def test_failures_are_told_once_and_without_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(base, 'print_log', lambda text, **_: told.append(text))
    backend = Failing(str(tmp_path))
    for step in range(3):
        backend.add_scalar('loss', 1.0, step)
    (text,) = told
    assert text.startswith('Failing: ConnectionError: no route to https://host/api;')
    backend.close()
    assert backend.notes == [False]


def test_closed_while_an_error_is_handled(tmp_path: Path) -> None:
    backend = Noted(str(tmp_path))
    backend.add_scalar('loss', 1.0)
    try:
        raise FloatingPointError
    except FloatingPointError:
        backend.close()
    assert backend.notes[-1] is True


def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'mlflow', None)
    with pytest.raises(ImportError, match='mlflow-skinny: pip install'):
        ChosenMlflowVisBackend(str(tmp_path)).add_config(Config())
    assert VISBACKENDS.get('ChosenWandbVisBackend')


def test_trackers_are_added_once() -> None:
    local, tracker = dict(type='LocalVisBackend'), dict(type='ChosenWandbVisBackend')
    cfg = Config(dict(visualizer=dict(vis_backends=[local]), trackers=[tracker]))
    launch.add_trackers(cfg)
    launch.add_trackers(cfg)  # as with a config that a run dumped
    assert cfg.visualizer.vis_backends == [local, tracker]
