"""Validation losses, against the model's logits and torch's cross-entropy."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import DataError
from mmseg_trash.hooks import ValLossHook

from .runs import CONFIG, configure, start

SIZES = [(64, 96), (49, 33), (80, 80)]


@pytest.fixture(scope='module')
def model(project: Path) -> nn.Module:
    cfg = load_config(project / CONFIG)
    head = dict(loss_name='loss_twice', type='CrossEntropyLoss', loss_weight=2.0)
    cfg.model.decode_head.loss_decode = [dict(type='CrossEntropyLoss'), head]
    cfg.model.decode_head.dropout_ratio = 0.5
    torch.manual_seed(3)
    return build_model(cfg).eval()


def batch(sizes: list[tuple[int, int]], factor: int = 1) -> dict[str, Any]:
    """Return a batch whose label maps are larger than the images by a factor."""
    generator = torch.Generator().manual_seed(5)
    images, samples = [], []
    for index, (height, width) in enumerate(sizes):
        image = torch.randint(0, 256, (3, height, width), generator=generator)
        label = torch.randint(0, 11, (1, height, width), generator=generator)
        label = label.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
        sample = SegDataSample(metainfo=dict(sample_idx=index, file_name=f'{index}'))
        sample.gt_sem_seg = PixelData(data=label.to(torch.uint8))
        images.append(image.to(torch.uint8))
        samples.append(sample)
    return dict(inputs=images, data_samples=samples)


@torch.no_grad()
def cross_entropy(model: Any, image: Tensor, label: Tensor) -> float:
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    deviation = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    inputs = ((image.flip(0).float() - mean) / deviation)[None]
    logits = model.decode_head(model.backbone(inputs))
    logits = F.interpolate(logits, image.shape[1:], mode='bilinear')
    return float(F.cross_entropy(logits, label.long()))


def evaluate(model: nn.Module, *batches: dict[str, Any]) -> dict[str, float]:
    runner: Any = SimpleNamespace(model=model)
    hook, metrics = ValLossHook(), dict(mIoU=1.0)
    hook.before_val_epoch(runner)
    for index, content in enumerate(batches):
        hook.after_val_iter(runner, index, content)
    hook.after_val_epoch(runner, metrics)
    return metrics


@pytest.mark.parametrize('factor', [1, 3])
def test_batches_of_unequal_sizes(factor: int, model: nn.Module) -> None:
    content = batch(SIZES, factor)
    state = torch.get_rng_state()
    metrics = evaluate(model, content)
    assert torch.equal(torch.get_rng_state(), state)
    losses = [
        cross_entropy(model, image, sample.gt_sem_seg.data[:, ::factor, ::factor])
        for image, sample in zip(content['inputs'], content['data_samples'])
    ]
    mean = sum(losses) / len(losses)
    assert set(metrics) == {'mIoU', 'val/loss', 'val/loss_decode.ce'} | {
        'val/loss_decode.twice'
    }
    assert metrics['val/loss_decode.ce'] == pytest.approx(mean, rel=1e-5)
    assert metrics['val/loss_decode.twice'] == pytest.approx(2 * mean, rel=1e-5)
    assert metrics['val/loss'] == pytest.approx(3 * mean, rel=1e-5)


def test_every_image_counts_once(model: nn.Module) -> None:
    content = batch(SIZES)
    halves = [
        {key: values[part] for key, values in content.items()}
        for part in (slice(0, 2), slice(1, 3))
    ]
    assert evaluate(model, *halves) == evaluate(model, content)


def test_padding_is_ignored(model: Any) -> None:
    content = batch([(64, 64)])
    preprocessor, plain = model.data_preprocessor, evaluate(model, content)
    preprocessor.test_cfg = dict(size=(64, 96))
    try:
        padded = evaluate(model, content)
    finally:
        preprocessor.test_cfg = None
    # mmseg's cross-entropy divides by all pixels, the ignored ones too
    assert padded['val/loss'] == pytest.approx(plain['val/loss'] * 64 / 96, rel=0.1)


@pytest.mark.parametrize('name, parts', [
    ('knet/knet_swin-t', {'decode.ce.s0', 'decode.ce.s2', 'aux.ce'}),
    ('ocrnet/ocrnet_hrnet-w18', {'decode_0.ce', 'decode_1.ce'}),
    ('eomt/eomt_dinov2-s-lvd142m', {'decode.cls', 'decode.mask', 'decode.dice'}),
])  # fmt: skip
def test_other_heads(name: str, parts: set[str], project: Path) -> None:
    path = project / f'configs/{name}_1xb8-20k_trash-512x512.py'
    model = build_model(load_config(path, from_scratch=True)).eval()
    content = batch([(64, 96)])
    metrics = evaluate(model, content)
    assert {f'val/loss_{part}' for part in parts} <= set(metrics)
    assert sum(v for k, v in metrics.items() if k.startswith('val/loss_')) == (
        pytest.approx(metrics['val/loss'], rel=1e-5)
    )
    assert evaluate(model, content) == metrics, 'the same points are drawn'
    assert not any(module.training for module in model.modules())


def test_no_label_map(model: nn.Module) -> None:
    content = batch([(64, 64)])
    del content['data_samples'][0].gt_sem_seg
    with pytest.raises(DataError, match='0 has no label map'):
        evaluate(model, content)


def test_stops_and_saves_by_the_validation_loss(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    cfg = configure(project, toy_root, tmp_path, 6, dict(type='ValLossHook'))
    stop = dict(type='EarlyStoppingHook', monitor='val/loss', patience=2, strict=True)
    cfg.custom_hooks += [stop | dict(min_delta=1e9)]
    cfg.default_hooks.checkpoint.update(save_best='val/loss', rule='less')
    runner = start(cfg)
    runner.train()
    # the first is the best so far, two are no better by so much
    assert runner.iter == 3
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    values = [row['val/loss'] for row in rows if 'val/loss' in row]
    assert len(values) == 3 and all(map(math.isfinite, values))
    assert all('val/loss_decode.ce' in row for row in rows if 'val/loss' in row)
    assert not any('val/loss' in row for row in rows if 'loss' in row)
    (best,) = tmp_path.glob('best_*.pth')
    assert best.stem == f'best_val_loss_iter_{values.index(min(values)) + 1}'
