"""A resumed run sees the photographs that the uninterrupted one would have seen."""

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmseg_trash.config import load_config

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


class Seen(Hook):
    """Keep the indices of each batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        samples = data_batch['data_samples']
        self.batches.append([sample.sample_idx for sample in samples])


def test_resume(project: Path, toy_root: Path, tmp_path: Path) -> None:
    kind = 'RepeatFactorSampler'

    def run(name: str, iterations: int, load_from: str | None = None) -> list:
        cfg = load_config(project / CONFIG, data_root=toy_root)
        cfg.work_dir = str(tmp_path / name)
        cfg.experiment_name = cfg.visualizer.name = f'{kind}_{name}'
        cfg.train_cfg.update(max_iters=iterations, val_interval=100)
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.train_dataloader.update(
            batch_size=2, num_workers=1, sampler=dict(type=kind)
        )
        cfg.default_hooks.checkpoint.update(interval=3, save_best=None)
        cfg.resume, cfg.load_from = load_from is not None, load_from
        cfg.vis_backends = cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
        runner = Runner.from_cfg(cfg)
        seen = Seen()
        runner.register_hook(seen)
        runner.train()
        return seen.batches

    whole = run('whole', 5)
    assert len(whole) == 5 and len({tuple(batch) for batch in whole}) > 3
    assert run('first', 3) == whole[:3]
    checkpoint = str(tmp_path / 'first' / 'iter_3.pth')
    assert run('second', 5, checkpoint) == whole[3:]
