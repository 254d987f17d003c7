"""Accumulated batches and clipped gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from mmseg_trash.config import build_model, load_config

from .runs import CONFIG


def step(
    project: Path, parts: list[list[int]], **wrapper: Any
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Train on four images, some at a time; return the weights before and after."""
    cfg: Config = load_config(project / CONFIG)
    # batch norm alone would see how the images are dealt
    cfg.model.decode_head.norm_cfg = dict(type='GN', num_groups=8)
    cfg.optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1), **wrapper)
    torch.manual_seed(0)
    model = build_model(cfg)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    optimizer.initialize_count_status(model, 0, len(parts))
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (4, 3, 64, 64), generator=generator).byte()
    labels = torch.randint(0, 11, (4, 1, 64, 64), generator=generator)
    for part in parts:
        samples = []
        for index in part:
            sample = SegDataSample(metainfo=dict(img_shape=(64, 64)))
            sample.gt_sem_seg = PixelData(data=labels[index])
            samples.append(sample)
        inputs = [images[index] for index in part]
        model.train_step(dict(inputs=inputs, data_samples=samples), optimizer)
    return before, {n: p.detach() for n, p in model.named_parameters()}


def test_accumulated_batches_are_one_large_batch(project: Path) -> None:
    before, whole = step(project, [[0, 1, 2, 3]])
    _, dealt = step(project, [[0, 1], [2, 3]], accumulative_counts=2)
    _, apart = step(project, [[0, 1], [2, 3]])

    def distance(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
        return max(float((a[n] - b[n]).abs().max()) for n in a)

    moved = distance(whole, before)
    assert moved > 1e-3
    assert distance(dealt, whole) < 1e-4 * moved
    assert distance(apart, whole) > 1e-2 * moved


@pytest.mark.parametrize('parts, counts', [([[0, 1, 2, 3]], 1), ([[0, 1], [2, 3]], 2)])
def test_clipping_is_of_the_accumulated_gradient(
    parts: list[list[int]], counts: int, project: Path
) -> None:
    clip = dict(max_norm=0.01)
    before, after = step(project, parts, clip_grad=clip, accumulative_counts=counts)
    total = sum(float((after[n] - before[n]).pow(2).sum()) for n in before)
    assert total**0.5 == pytest.approx(0.1 * 0.01, rel=1e-2)
