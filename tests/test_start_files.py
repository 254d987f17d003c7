"""No checkpoint that a training starts from runs code."""

import pickle
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from mmseg_trash.errors import CheckpointError
from mmseg_trash.start_files import check_start_files

SMALL = 'configs/smpfpn/smpfpn_efficientnet-lite0-scratch_1xb8-0.6k_demo-224x224.py'


class Harmful:
    """Touch a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def write(kind: str, file: Path, mark: Path) -> None:
    state = dict(weight=torch.ones(1))
    if kind == 'weights':
        torch.save(dict(state_dict=dict(weight=Harmful(mark))), file)
    elif kind == 'meta':
        torch.save(dict(state_dict=state, meta=dict(note=Harmful(mark))), file)
    elif kind == 'legacy':
        content = dict(state_dict=state, optimizer=Harmful(mark))
        torch.save(content, file, _use_new_zipfile_serialization=False)
    else:
        file.write_bytes(pickle.dumps(dict(state_dict=Harmful(mark))))


@pytest.mark.parametrize('kind', ['weights', 'meta', 'legacy', 'pickle'])
def test_each_way_in_is_guarded(kind: str, tmp_path: Path) -> None:
    file, mark = tmp_path / 'iter_1.pth', tmp_path / 'ran'
    write(kind, file, mark)
    (tmp_path / 'last_checkpoint').write_text(str(file))
    encoder = dict(type='Any', init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    for cfg in (
        dict(load_from=str(file)),
        dict(resume=True, work_dir=str(tmp_path)),
        dict(resume=True, load_from=str(file), work_dir='none'),
        dict(model=dict(backbone=encoder)),
        dict(model=dict(heads=[dict(init_cfg=[encoder['init_cfg']])])),
        dict(model=dict(pretrained=str(file))),
    ):
        with pytest.raises(CheckpointError, match=r'iter_1\.pth'):
            check_start_files(Config(cfg))
    assert not mark.exists()


def test_addresses_and_nothing_are_left_alone(tmp_path: Path) -> None:
    far = dict(init_cfg=dict(type='Pretrained', checkpoint='https://a.b/c.pth'))
    for cfg in (
        {},
        dict(resume=True, work_dir=str(tmp_path)),
        dict(load_from='package://a/b.pth', model=dict(backbone=far, pretrained=None)),
    ):
        check_start_files(Config(cfg))
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        check_start_files(Config(dict(load_from=str(tmp_path / 'none.pth'))))


@pytest.mark.slow
def test_resuming_does_not_run_code(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool itself, from what a stranger's work_dir says is the newest."""
    monkeypatch.chdir(project)
    file, mark = tmp_path / 'iter_1.pth', tmp_path / 'ran'
    write('meta', file, mark)
    (tmp_path / 'last_checkpoint').write_text(str(file))
    main = runpy.run_path('tools/train.py')['main']
    with pytest.raises(CheckpointError, match=r'iter_1\.pth'):
        main([SMALL, '--work-dir', str(tmp_path), '--resume', '--debug'])
    assert not mark.exists()
