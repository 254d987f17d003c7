"""The two ways that tools/benchmarks/inference.py compares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from numpy.typing import NDArray

from ..checkpoint import load_weights, read_checkpoint
from ..config import build_model, load_config, num_classes
from .ensemble import combine
from .pipelines import without_labels
from .predictor import Predictor

Labels = dict[str, NDArray[np.uint8]]
STOCK = dict(
    LoadTrashImage='LoadImageFromFile',
    FastRandomFlip='RandomFlip',
    FastPackSegInputs='PackSegInputs',
)


def make_members(config: str, number: int, folder: Path) -> None:
    """Write checkpoints of models with drawn weights whose pixels differ."""
    cfg = load_config(config, from_scratch=True)
    for seed in range(number):
        torch.manual_seed(seed)
        model: Any = build_model(cfg, init=True)
        torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
        state = dict(state_dict=model.state_dict())
        torch.save(state, folder / f'member{seed}.pth')


def predict_ours(
    config: str, checkpoints: Sequence[Path], root: str, number: int, workers: int
) -> Labels:
    """Predict with the config's views and combine as one stream.

    Args:
        config: The config's file.
        checkpoints: Of the members.
        root: The data's folder.
        number: How many images.
        workers: Processes that load images, for each member.

    Returns:
        ``file_name`` -> label map.
    """
    from torch.utils.data import Subset

    streams = []
    for checkpoint in checkpoints:
        cfg = load_config(config, data_root=root, from_scratch=True)
        model = Predictor(cfg, checkpoint, 'cpu', tta=True, num_workers=workers)
        streams.append(model.probs(Subset(model.dataset(), range(number))))
    weights = [np.ones(num_classes(cfg), np.float32)] * len(checkpoints)
    return {name: label for name, label, _ in combine(streams, weights)}


class _Sum(BaseMetric):
    """Add what the members say, in memory."""

    default_prefix = 'sum'

    def __init__(self, sums: dict[str, torch.Tensor]) -> None:
        super().__init__(collect_device='cpu')
        self.sums = sums

    def process(self, data_batch: Any, data_samples: Sequence[Mapping]) -> None:
        for sample in data_samples:
            probs = sample['seg_probs']['data']
            name = sample['file_name']
            self.sums[name] = probs + self.sums[name] if name in self.sums else probs
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return dict(images=float(len(results)))


def predict_stock(
    config: str,
    checkpoints: Sequence[Path],
    root: str,
    number: int,
    workers: int,
    stock_backbone: bool = True,
) -> Labels:
    """Predict with mmseg's transforms and mmengine's Runner, one member after another.

    Args:
        config: See :func:`predict_ours`.
        checkpoints: See :func:`predict_ours`.
        root: See :func:`predict_ours`.
        number: See :func:`predict_ours`.
        workers: See :func:`predict_ours`.
        stock_backbone: Take mmseg's MiT in the place of ours, with the same weights.

    Returns:
        ``file_name`` -> label map.
    """
    from mmengine.runner import Runner

    sums: dict[str, torch.Tensor] = {}
    for checkpoint in checkpoints:
        cfg = load_config(config, data_root=root, from_scratch=True)
        if stock_backbone:
            cfg.model.backbone.type = 'MixVisionTransformer'
        pipeline = _stock(without_labels(cfg.tta_pipeline))
        model = dict(cfg.tta_model, module=cfg.model)
        model['module']['data_preprocessor'] = cfg.data_preprocessor
        dataset = dict(cfg.predict_dataset, pipeline=pipeline, indices=number)
        with_workers = dict(num_workers=workers, persistent_workers=False)
        runner = Runner(
            model=model,
            work_dir=str(checkpoint.parent / 'work'),
            test_dataloader=dict(
                batch_size=1,
                dataset=dataset,
                sampler=dict(type='DefaultSampler', shuffle=False),
                **with_workers,
            ),
            test_cfg=dict(),
            test_evaluator=[_Sum(sums)],
            default_hooks=dict(logger=None, checkpoint=None),
            default_scope='mmseg',
            log_level='ERROR',
            experiment_name=checkpoint.stem,
        )
        state = read_checkpoint(checkpoint)['state_dict']
        module: Any = runner.model
        load_weights(module.module, state, str(checkpoint), num_classes(cfg))
        runner.test()
    return {n: p.argmax(0).to(torch.uint8).numpy() for n, p in sums.items()}


def _stock(pipeline: Any) -> Any:
    """Name the upstream transforms that ours stand for."""
    if isinstance(pipeline, dict):
        kind = pipeline.get('type')
        found = {key: _stock(value) for key, value in pipeline.items()}
        return found | dict(type=STOCK.get(str(kind), kind)) if kind else found
    if isinstance(pipeline, (list, tuple)):
        return type(pipeline)(_stock(value) for value in pipeline)
    return pipeline
