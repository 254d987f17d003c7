"""One optimizer step of every recipe, on toy photographs through its own pipeline."""

from pathlib import Path

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmseg.registry import METRICS

from mmseg_trash.config import build_dataset, build_model, load_config

TAGS = ('', '-classmix', '-copypaste', '-iouce', '-classmix-copypaste-iouce')
RECIPES = [
    f'{stem}_1xb8{tag}-20k_trash-512x512.py'
    for stem in ('segformer/segformer_mit-b0', 'upernet/upernet_swin-t')
    for tag in TAGS
]
RECIPES += [
    f'segformer/segformer_mit-b0_1xb8-{loss}-20k_trash-512x512.py'
    for loss in ('cdb', 'dicece', 'dicefocal', 'softce')
]


def shrink(pipeline: list[dict]) -> list[dict]:
    """Let a pipeline give crops of 64x64, and mix every sample."""
    steps = [dict(step) for step in pipeline]
    for step in steps:
        if step['type'] == 'FastResizeCrop':
            step.update(scale=(256, 64), crop_size=(64, 64))
        elif step['type'] in ('ClassMix', 'CopyPaste'):
            step['prob'] = 1.0
        if step['type'] == 'CopyPaste':
            # the toy set is too small to hold the rare classes for sure
            step.update(classes=list(range(1, 11)), min_area=1)
    return steps


@pytest.mark.parametrize('recipe', RECIPES)
def test_one_step(recipe: str, project: Path, toy_root: Path) -> None:
    cfg = load_config(
        project / 'configs' / recipe,
        {'data_preprocessor.size': (64, 64)},
        data_root=toy_root,
        from_scratch=True,
    )
    data_cfg = cfg.train_dataloader.dataset
    data_cfg.pipeline = shrink(data_cfg.pipeline)
    assert len(data_cfg.pipeline) >= 6
    dataset = build_dataset(data_cfg)
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    batch = pseudo_collate([dataset[i] for i in range(2)])
    assert 'file_name' in batch['data_samples'][0].metainfo
    losses = model.train_step(batch, wrapper)
    assert any(key.startswith('decode.loss') for key in losses)
    assert all(torch.isfinite(value).all() for value in losses.values())
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    for part in ('backbone.', 'decode_head.conv_seg.'):
        assert any(name.startswith(part) for name in moved), part


@pytest.mark.parametrize('tta', [False, True])
def test_validation_and_tta_pipelines(tta: bool, project: Path, toy_root: Path) -> None:
    """Truth stays at the photograph's size; predictions come back at it."""
    path = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    cfg = load_config(project / path, data_root=toy_root)
    data_cfg = cfg.val_dataloader.dataset
    if tta:
        data_cfg.pipeline = cfg.tta_pipeline
    dataset = build_dataset(data_cfg)
    model = build_model(cfg, init=True).eval()
    if tta:
        cfg.tta_model.module = model
        from mmseg.registry import MODELS

        model = MODELS.build(cfg.tta_model).eval()
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = dataset.metainfo
    with torch.no_grad():
        for i in range(2):
            (sample,) = model.test_step(pseudo_collate([dataset[i]]))
            assert sample.pred_sem_seg.data.shape[-2:] == (128, 128)
            assert sample.gt_sem_seg.data.shape[-2:] == (128, 128)
            assert ('seg_probs' in sample) == tta
            metric.process(None, [sample.to_dict()])
    assert metric.evaluate(2)['mIoU'] >= 0


def test_prediction_pipeline_needs_no_truth(project: Path, toy_root: Path) -> None:
    path = 'configs/segformer/segformer_mit-b0_1xb8-4k_taco-512x512.py'
    cfg = load_config(project / path, data_root=toy_root)
    dataset = build_dataset(cfg.predict_dataset)
    packed = dataset[0]
    assert packed['inputs'].shape == (3, 512, 512)
    assert 'gt_sem_seg' not in packed['data_samples']
    assert packed['data_samples'].ori_shape == (128, 128)
