"""What the command line changes in a config before a run."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn

from mmseg_trash import launch
from mmseg_trash.config import load_config
from mmseg_trash.errors import CheckpointError, ConfigError, DataError

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture
def cfg(project: Path) -> Config:
    return load_config(project / CONFIG)


def test_work_dir(cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert launch.prepare_work_dir(cfg, 'a/b/c.py', None) == Path('work_dirs/c')
    assert (tmp_path / 'work_dirs/c').is_dir()
    assert not list((tmp_path / 'work_dirs/c').iterdir())
    cfg.fold = '3'
    cfg.pop('work_dir')
    assert launch.prepare_work_dir(cfg, 'c.py', None) == Path('work_dirs/c_fold3')
    assert launch.prepare_work_dir(cfg, 'c.py', 'x') == Path('x')
    assert cfg.work_dir == 'x'


def test_work_dir_that_cannot_be_written(cfg: Config, tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match=r'work_dir .*file/x'):
        launch.prepare_work_dir(cfg, 'c.py', str(tmp_path / 'file/x'))


def test_amp_trains_in_bfloat16_on_a_cpu(cfg: Config) -> None:
    launch.use_amp(cfg)
    if torch.cuda.is_available():
        pytest.skip('the choice depends on the GPU')
    assert cfg.optim_wrapper.type == 'BFloat16OptimWrapper'
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wrapper = OPTIM_WRAPPERS.build(
        dict(type='BFloat16OptimWrapper', optimizer=optimizer)
    )
    before = model.weight.detach().clone()
    with wrapper.optim_context(model):
        output = model(torch.ones(3, 4))
    assert output.dtype == torch.bfloat16
    wrapper.update_params(output.float().sum())
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)


def test_amp_refuses_wrappers_that_it_does_not_know(cfg: Config) -> None:
    cfg.optim_wrapper.type = 'ApexOptimWrapper'
    with pytest.raises(ConfigError, match='ApexOptimWrapper'):
        launch.use_amp(cfg)


def test_shorten_keeps_the_recipe(cfg: Config) -> None:
    model, pipeline = str(cfg.model), str(cfg.train_dataloader.dataset.pipeline)
    launch.shorten(cfg)
    assert cfg.train_cfg.max_iters == cfg.train_cfg.val_interval == 20
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.num_workers == 0
        assert loader.dataset.indices == launch.DEBUG_IMAGES
    assert str(cfg.model) == model
    assert str(cfg.train_dataloader.dataset.pipeline) == pipeline


def test_resume(cfg: Config, tmp_path: Path) -> None:
    launch.prepare_resume(cfg, None)
    assert not cfg.resume
    launch.prepare_resume(cfg, 'auto')
    assert cfg.resume and cfg.load_from is None
    with pytest.raises(FileNotFoundError):
        launch.prepare_resume(cfg, str(tmp_path / 'none.pth'))
    (tmp_path / 'text.pth').write_text('no checkpoint')
    launch.prepare_resume(cfg, str(tmp_path / 'text.pth'))
    with pytest.raises(CheckpointError, match=r'text\.pth'):
        launch.run_training(cfg)


def test_only_torchrun_without_a_gpu(
    cfg: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    launch.prepare_distributed(cfg, 'none')
    assert cfg.sync_bn == 'torch'
    with pytest.raises(ConfigError, match='slurm'):
        launch.prepare_distributed(cfg, 'slurm')
