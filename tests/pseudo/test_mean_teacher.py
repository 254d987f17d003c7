"""The mean teacher: its labels, its loss, its weights, its checkpoints."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.evaluate import evaluate
from mmseg_trash.hooks.pseudo_label_hook import ramp
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.rules import PixelRule
from mmseg_trash.pseudo.trained import trained_images

from ..hooks.runs import configure, start

FOLDER = 'configs/segformer'
PLAIN = f'{FOLDER}/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
CONFIG = f'{FOLDER}/segformer_mit-b0-scratch_1xb8-meanteacher-1k_toy-128x128.py'
KEY = 'decode_head.conv_seg.weight'


def build(project: Path, seed: int = 0, **options: Any) -> Any:
    cfg = load_config(project / CONFIG)
    cfg.model.update(options)
    torch.manual_seed(seed)
    model = build_model(cfg, init=True)
    with torch.no_grad():
        model.decode_head.conv_seg.weight *= 60  # some pixels get confident
    return model


def batch(sizes: list[tuple[int, int]]) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    images = [
        torch.randint(0, 256, (3, *s), generator=generator, dtype=torch.uint8)
        for s in sizes
    ]
    return dict(inputs=images, data_samples=[SegDataSample() for _ in sizes])


@pytest.mark.parametrize('below', ['keep', 'ignore', 'background'])
def test_labels_are_those_of_the_offline_rule(project: Path, below: str) -> None:
    limits = dict(threshold=0.7, of_classes={'Glass': 0.9})
    model = build(project, below=below, **limits)
    teacher = build(project, seed=1).eval()
    sizes = [(128, 128), (100, 90)]
    inputs, samples, share = model.label(batch(sizes), teacher)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in _statistics(model))
    rule = PixelRule(below=below, **limits)
    confident = total = 0
    for n, (image, size) in enumerate(zip(batch(sizes)['inputs'], sizes)):
        normal = (image.flip(0) - mean) / std
        padded = F.pad(normal, (0, 128 - size[1], 0, 128 - size[0]))
        torch.testing.assert_close(inputs[n], padded)
        with torch.no_grad():
            logits = teacher.decode_head(teacher.backbone(padded[None]))
        probs = F.interpolate(logits, (128, 128), mode='bilinear').softmax(1)[0]
        probs_np = probs[:, : size[0], : size[1]].numpy()
        found = samples[n].gt_sem_seg.data[0].numpy()
        inside = found[: size[0], : size[1]]
        expected = rule.apply(probs_np, CLASSES)
        assert (inside == expected).mean() > 0.999  # rounding at the threshold
        outside = found.copy()
        outside[: size[0], : size[1]] = 255
        assert (outside == 255).all()
        glass = probs_np.argmax(0) == CLASSES.index('Glass')
        limit = np.where(glass, 0.9, 0.7)
        confident += (probs_np.max(0) >= limit).sum()
        total += inside.size
    assert 0.02 < share < 0.98
    assert float(share) == pytest.approx(confident / total, abs=1e-3)


def _statistics(model: Any) -> tuple[list[float], list[float]]:
    preprocessor = model.data_preprocessor
    return preprocessor.mean.flatten().tolist(), preprocessor.std.flatten().tolist()


def test_loss_is_the_cross_entropy_of_mixed_images_by_the_share(project: Path) -> None:
    model = build(project, threshold=0.3, unlabelled_weight=2.0).eval()
    teacher = build(project, seed=1).eval()
    labelled = torch.rand(2, 3, 128, 128)
    truth = [
        SegDataSample(gt_sem_seg=PixelData(data=torch.ones(1, 128, 128).long()))
    ] * 2
    plain = model.loss(labelled, truth)
    _, before, share = model.label(batch([(128, 128)] * 2), teacher)
    before = [s.gt_sem_seg.data[0] for s in before]
    seen: list[Any] = []
    model.mix.register_forward_hook(lambda *a: seen.append(a[2]))
    model.give(batch([(128, 128)] * 2), teacher, 0.5)
    losses = model.loss(labelled, truth)
    ((inputs, samples),) = seen
    target = torch.stack([s.gt_sem_seg.data[0] for s in samples])
    logits = model.decode_head(model.backbone(inputs))
    logits = F.interpolate(logits, (128, 128), mode='bilinear')
    expected = F.cross_entropy(logits, target) * share * 2.0 * 0.5
    torch.testing.assert_close(losses['unlabelled.decode.loss_ce'], expected)
    torch.testing.assert_close(losses['decode.loss_ce'], plain['decode.loss_ce'])
    assert losses['unlabelled.share'] == share
    # half of the other's classes lie over each
    for n in range(2):
        other = before[1 - n]
        pasted = target[n] != before[n]
        assert (target[n][pasted] == other[pasted]).all()
        drawn = set(target[n][pasted].tolist())
        assert len(drawn) <= max(1, len(other.unique()) // 2)
    assert any((target[n] != before[n]).any() for n in range(2))
    total, log = model.parse_losses(losses)
    parts = [v for k, v in log.items() if 'loss' in k and k != 'loss']
    torch.testing.assert_close(
        total, torch.stack(list(map(torch.as_tensor, parts))).sum()
    )
    # only once: the next call has none
    assert 'unlabelled.share' not in model.loss(labelled, truth)
    model.give(batch([(128, 128)] * 2), teacher, 0.0)
    assert model.loss(labelled, truth)['unlabelled.decode.loss_ce'] == 0


def mean_teacher(project: Path, root: Path, work_dir: Path, iterations: int) -> Any:
    """Return a short run; the hook takes the test images."""
    cfg = configure(project, root, work_dir, iterations)
    other = load_config(project / CONFIG, data_root=root)
    hook = other.custom_hooks[-1]
    hook.dataloader.update(batch_size=2, num_workers=0)
    cfg.custom_hooks = [*cfg.custom_hooks, hook]
    cfg.model = other.model
    cfg.train_cfg.val_interval = cfg.default_hooks.checkpoint.interval = iterations
    cfg.val_dataloader.dataset.indices = 2
    return cfg


class Weights:
    """Collects a weight of the student after each iteration."""

    def __init__(self, runner: Any) -> None:
        self.found: list[torch.Tensor] = []
        step = runner.model.train_step

        def spy(*args: Any, **kwargs: Any) -> Any:
            result = step(*args, **kwargs)
            self.found.append(runner.model.state_dict()[KEY].clone())
            return result

        runner.model.train_step = spy


def test_run_teacher_checkpoint_guard(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    runner = start(mean_teacher(project, toy_root, tmp_path / 'run', 3))
    weights = Weights(runner)
    runner.train()
    average = weights.found[0]
    for step, new in enumerate(weights.found[1:], 1):
        keep = min(1 - 1 / (step + 1), 0.99)
        average = keep * average + (1 - keep) * new
    last = tmp_path / 'run/iter_3.pth'
    content = read_checkpoint(last)
    torch.testing.assert_close(content['teacher_state_dict'][f'module.{KEY}'], average)
    log = (next((tmp_path / 'run').glob('*/*.log'))).read_text()
    assert 'unlabelled.decode.loss_ce' in log
    assert 'teacher/mIoU' in log

    # the weights are those of the plain config, whose evaluation takes them
    seen = trained_images(content, 'x')
    assert seen is not None
    assert (len(seen.labelled), len(seen.pseudo), seen.round) == (8, 3, 1)
    plain = configure(project, toy_root, tmp_path / 'plain', 1)
    assert evaluate(plain, last)['mIoU'] >= 0

    cfg = mean_teacher(project, toy_root, tmp_path / 'run', 4)
    cfg.default_hooks.checkpoint.save_best = None
    cfg.resume = True
    cfg.train_cfg.val_interval = 9
    start(cfg).train()
    assert (tmp_path / 'run/iter_4.pth').is_file()


def test_refusals(project: Path, toy_root: Path, tmp_path: Path) -> None:
    cfg = mean_teacher(project, toy_root, tmp_path / 'val', 1)
    cfg.custom_hooks[-1].dataloader.dataset.ann_file = 'val.json'
    with pytest.raises(DataError, match='on 2 of the 2 images to score'):
        start(cfg).train()
    cfg = configure(project, toy_root, tmp_path / 'wrong', 1)
    cfg.custom_hooks = mean_teacher(project, toy_root, tmp_path, 1).custom_hooks
    with pytest.raises(ConfigError, match='MeanTeacherEncoderDecoder'):
        start(cfg).train()


def test_bfloat16(project: Path, toy_root: Path, tmp_path: Path) -> None:
    cfg = mean_teacher(project, toy_root, tmp_path, 2)
    cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
    cfg.train_cfg.val_interval = 9
    runner = start(cfg)
    runner.train()
    assert all(p.isfinite().all() for p in runner.model.parameters())


def test_ramp_and_arguments(project: Path) -> None:
    assert ramp(0, 0) == 1
    assert ramp(0, 10) == pytest.approx(np.exp(-5))
    assert ramp(5, 10) == pytest.approx(np.exp(-1.25))
    assert ramp(10, 10) == ramp(11, 10) == 1
    for options in (dict(below='x'), dict(threshold=2.0), dict(unlabelled_weight=-1)):
        with pytest.raises(ConfigError, match=next(iter(options))):
            build(project, **options)
