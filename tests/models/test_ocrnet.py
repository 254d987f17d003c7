"""OCRNet: the paper's equations, and a cascade of heads in every tool."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmseg_trash.config import build_dataset, build_model, load_config, num_classes
from mmseg_trash.errors import CheckpointError, ConfigError
from mmseg_trash.evaluate import evaluate, gives_probs, use_tta
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.models import ProbsTTAModel

STEM = 'configs/ocrnet/ocrnet_hrnet'
PLAIN = f'{STEM}-w18_1xb8-20k_trash-512x512.py'


def shrunk(cfg: Config) -> Config:
    """Shrink a config's network, in place."""
    widths = [4, 8, 12, 16]
    for i in range(1, 5):
        stage = cfg.model.backbone.extra[f'stage{i}']
        stage.num_modules = 1
        stage.num_blocks = [1] * len(stage.num_blocks)
        if i > 1:
            stage.num_channels = widths[:i]
    first, last = cfg.model.decode_head
    first.update(in_channels=widths, channels=sum(widths))
    last.update(in_channels=widths, channels=16, ocr_channels=8)
    return cfg


@pytest.fixture
def cfg(project: Path) -> Config:
    return shrunk(load_config(project / PLAIN, from_scratch=True))


def randomised(model: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith('running_var'):
            nn.init.uniform_(value, 0.5, 2.0)
        elif value.is_floating_point():
            nn.init.normal_(value, std=0.3)
    return model.eval()


def transform(module: nn.Module, rows: Tensor) -> Tensor:
    """Apply the linear layers with norm and ReLU to vectors, (N, C)."""
    for layer in module if isinstance(module, nn.Sequential) else [module]:
        norm = layer.bn
        rows = rows @ layer.conv.weight[:, :, 0, 0].T
        rows = (rows - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
        rows = (rows * norm.weight + norm.bias).clamp_min(0)
    return rows


def test_head_is_the_papers() -> None:
    """Equations 8 to 11 of the paper, pixel by pixel and region by region."""
    head = dict(type='OCRHead', in_channels=6, in_index=0, channels=10, ocr_channels=4)
    head |= dict(num_classes=3, dropout_ratio=-1, norm_cfg=dict(type='BN'))
    head |= dict(loss_decode=[dict(type='CrossEntropyLoss')])
    ours = randomised(MODELS.build(head))
    block = ours.object_context_block
    maps, coarse = torch.randn(2, 6, 3, 5), torch.randn(2, 3, 3, 5)
    found = ours([maps], coarse)
    pixels = ours.bottleneck(maps).flatten(2)
    for b in range(2):
        x = [pixels[b, :, i] for i in range(15)]
        regions = []
        for k in range(3):
            degree = coarse[b, k].flatten().exp()
            degree = degree / degree.sum()
            regions.append(sum(d * p for d, p in zip(degree, x)))
        regions = torch.stack(regions)
        keys = transform(block.key_project, regions)
        values = transform(block.value_project, regions)
        for i in range(15):
            query = transform(block.query_project, x[i][None])[0]
            # the 4 channels' root keeps the softmax soft
            relation = torch.stack([query @ key / 2 for key in keys]).exp()
            relation = relation / relation.sum()
            context = sum(w * v for w, v in zip(relation, values))
            context = transform(block.out_project, context[None])
            both = torch.cat([context, x[i][None]], 1)
            augmented = transform(block.bottleneck, both)[0]
            logits = ours.conv_seg.weight[:, :, 0, 0] @ augmented + ours.conv_seg.bias
            torch.testing.assert_close(
                found[b, :, i // 5, i % 5], logits, atol=1e-5, rtol=1e-4
            )


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_any_size_whole_and_slide(mode: str, cfg: Config) -> None:
    cfg.model.test_cfg.update(mode=mode, crop_size=(64, 64), stride=(42, 42))
    model = build_model(cfg).eval()
    for size in ((64, 64), (50, 101)):
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            out = model.inference(torch.randn(1, 3, *size), [meta])
        assert out.shape == (1, 11, *size) and out.isfinite().all()


def test_trains_under_bfloat16_and_travels(cfg: Config) -> None:
    """One step of the recipe; both heads' losses with their weights."""
    model = build_model(cfg, init=True)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    group = wrapper.optimizer.param_groups[0]
    assert (group['lr'], group['momentum'], group['weight_decay']) == (0.01, 0.9, 5e-4)
    image, label = torch.randn(2, 3, 64, 96), torch.randint(0, 11, (2, 1, 64, 96))
    samples = [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in label]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model.loss(image, samples)
        coarse = model.decode_head[0](model.extract_feat(image))
    names = {f'decode_{i}.{n}' for i in (0, 1) for n in ('loss_ce', 'acc_seg')}
    assert set(losses) == names
    coarse = F.interpolate(coarse.float(), (64, 96), mode='bilinear')
    expected = 0.4 * F.cross_entropy(coarse, label[:, 0])
    torch.testing.assert_close(losses['decode_0.loss_ce'], expected, rtol=0.02, atol=0)
    (losses['decode_0.loss_ce'] + losses['decode_1.loss_ce']).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), name
    wrapper.step()
    other = build_model(cfg).eval()
    other.load_state_dict(model.eval().state_dict())
    with torch.no_grad():
        assert torch.equal(*(m(image, mode='tensor') for m in (model, other)))


def test_heads_change_by_inheritance(project: Path, tmp_path: Path) -> None:
    loss = load_config(
        project / f'{STEM}-w18_1xb8-iouce-20k_trash-512x512.py'
    ).model.decode_head
    plain, wide = (
        load_config(project / f'{STEM}-{size}_1xb8-20k_trash-512x512.py').model
        for size in ('w18', 'w48')
    )
    assert loss[1].loss_decode == [
        dict(type='IoUCELoss', iou_weight=0.4, ce_weight=0.6)
    ]
    assert loss[0] == plain.decode_head[0]
    assert wide.decode_head[0].channels == sum(wide.decode_head[1].in_channels) == 720
    assert plain.decode_head[0].channels == sum(plain.decode_head[1].in_channels)
    leaf = tmp_path / 'leaf.py'
    leaf.write_text(
        f"_base_ = '{project / PLAIN}'\nclasses = ['Background', 'can', 'cup', 'bag']\n"
    )
    cfg = load_config(leaf)
    assert num_classes(cfg) == 4
    cfg.model.decode_head[1].num_classes = 5
    with pytest.raises(ConfigError, match=r'differ in num_classes: \[4, 5\]'):
        num_classes(cfg)
    key = 'model.decode_head.1.ocr_channel'
    with pytest.raises(ConfigError, match='did you mean ocr_channels'):
        load_config(project / PLAIN, {key: 8})


def test_predictor_and_evaluation(
    project: Path, toy_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probabilities, views and scores of a cascade; wrong weights are refused."""
    monkeypatch.chdir(tmp_path)
    cfg = shrunk(load_config(project / PLAIN, data_root=toy_root, from_scratch=True))
    for pipeline in (
        cfg.predict_dataset.pipeline,
        cfg.test_dataloader.dataset.pipeline,
    ):
        pipeline[1].scale = (256, 64)
    cfg.tta_pipeline[1].transforms[0] = [cfg.predict_dataset.pipeline[1]]
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    nn.init.normal_(model.decode_head[1].conv_seg.weight, std=0.5)
    file = tmp_path / 'weights.pth'
    torch.save(dict(state_dict=model.state_dict()), file)
    assert not gives_probs(cfg)
    for tta in (False, True):
        predictor = Predictor(cfg, file, 'cpu', num_workers=0, tta=tta)
        names = []
        for name, probs in predictor:
            names.append(name)
            assert probs.shape == (11, 128, 128)
            assert abs(probs.sum(0) - 1).max() < 1e-5
        assert len(names) == 3
    assert len(build_dataset(cfg.predict_dataset)) == 3
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False, batch_size=2)
    cfg.update(work_dir=str(tmp_path), launcher='none', visualizer=None)
    cfg.default_hooks.pop('visualization')
    use_tta(cfg)
    assert 0 <= evaluate(cfg, file)['mIoU'] <= 100
    small = shrunk(load_config(project / PLAIN, from_scratch=True))
    for head in small.model.decode_head:
        head.num_classes = 3
    with pytest.raises(CheckpointError, match='was trained for 11 classes'):
        Predictor(small, file, 'cpu')


def test_the_last_head_says_what_a_cascade_gives(cfg: Config) -> None:
    model = build_model(cfg, 'meta')
    assert ProbsTTAModel(module=model).outputs == 'logits'
    model.decode_head[-1].output = 'probs'
    assert ProbsTTAModel(module=model).outputs == 'probs'
