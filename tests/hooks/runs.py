"""Short runs on toy data for the tests of hooks."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmseg_trash.config import load_config

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


def configure(
    project: Path,
    data_root: Path,
    work_dir: Path,
    iterations: int,
    *hooks: dict,
    config: str = CONFIG,
) -> Config:
    """Return a run with an evaluation and a checkpoint after each iteration."""
    cfg = load_config(project / config, data_root=data_root, from_scratch=True)
    cfg.work_dir = str(work_dir)
    cfg.custom_hooks = [*cfg.custom_hooks, *hooks]
    cfg.train_cfg.update(max_iters=iterations, val_interval=1)
    cfg.train_dataloader.update(batch_size=2)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.default_hooks.logger.interval = 1
    quick(cfg)
    cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    return cfg


def quick(cfg: Config) -> None:
    """Write the config into checkpoints as it is: laying it out takes half a second."""
    vars(cfg)['_format_python_code'] = False


def start(cfg: Config) -> Any:
    """Build the Runner, under a name of its own."""
    start.count += 1  # type: ignore[attr-defined]
    cfg.experiment_name = f'{Path(cfg.work_dir).parent.name}-{start.count}'  # type: ignore[attr-defined]
    return Runner.from_cfg(cfg)


start.count = 0  # type: ignore[attr-defined]
