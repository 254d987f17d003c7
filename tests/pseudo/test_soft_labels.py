"""Soft labels: the loss on probabilities, the way there, and the store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_trash.config import build_dataset, build_model, load_config
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import ConfigError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.losses import SoftCrossEntropyLoss
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.writer import PseudoWriter
from mmseg_trash.transforms import LoadSoftLabels

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
KEYS = ('file_name', 'ori_shape', 'img_shape')


def case(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    logits = torch.randn(2, 4, 6, 5, dtype=torch.float64) * 3
    probs = (torch.randn(2, 4, 6, 5, dtype=torch.float64) * 2).softmax(1)
    return logits, probs


@pytest.mark.parametrize('smoothing', [0.0, 0.2])
def test_loss_is_that_of_torch(smoothing: float) -> None:
    logits, probs = case()
    loss = SoftCrossEntropyLoss(label_smoothing=smoothing)(logits, probs)
    expected = F.cross_entropy(logits, probs, label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected)
    assert float(loss) > 0.1


def test_one_hot_is_the_label_map() -> None:
    logits, probs = case()
    label = probs.argmax(1)
    label[0, :2] = 255
    one_hot = F.one_hot(label.clamp(max=3), 4).permute(0, 3, 1, 2).double()
    one_hot[0, :, :2] = 0
    weight = torch.rand(label.shape, dtype=torch.float64)
    loss = SoftCrossEntropyLoss(label_smoothing=0.1, class_weight=[1, 2, 3, 4])
    for given in (None, weight):
        hard = loss(logits, label, weight=given)
        torch.testing.assert_close(loss(logits, one_hot, weight=given), hard)
    hard = loss(logits, label, avg_factor=7.0)
    torch.testing.assert_close(loss(logits, one_hot, avg_factor=7.0), hard)


def test_loss_leaves_out_and_refuses() -> None:
    logits, probs = case()
    loss = SoftCrossEntropyLoss(label_smoothing=0.1)
    nothing = torch.zeros_like(probs)
    logits.requires_grad_()
    value = loss(logits, nothing)
    value.backward()
    assert value == 0
    assert (logits.grad == 0).all()
    probs[:, :, 0] = 0
    before = loss(logits, probs)
    changed = logits.detach().clone()
    changed[:, :, 0] = torch.nan
    assert loss(changed, probs) == before
    # the gradient vanishes where the prediction is the target
    exact = probs[:, :, 1:].log().requires_grad_()
    SoftCrossEntropyLoss(label_smoothing=0)(exact, probs[:, :, 1:]).backward()
    assert exact.grad.abs().max() < 1e-12
    half = loss(logits.bfloat16(), probs.float())
    assert half.dtype == torch.float32
    with pytest.raises(ValueError, match='probabilities of the shape'):
        loss(logits, probs[:, :3])
    with pytest.raises(ValueError, match="the mean alone, got 'sum'"):
        loss(logits, probs, reduction_override='sum')
    with pytest.raises(ValueError, match=r'weight has the shape'):
        loss(logits, probs, weight=torch.ones(2, 2, 2))


def write(root: Path, folder: Path) -> dict[str, np.ndarray]:
    """Soft labels of the test images; the first two rows of pixels are ignored."""
    dataset = TrashDataset('test.json', data_root=str(root))
    writer = PseudoWriter(CLASSES)
    store = ProbStore(folder / 'probs', CLASSES)
    rng = np.random.default_rng(0)
    found = {}
    for place in range(len(dataset)):
        name = dataset.get_data_info(place)['file_name']
        probs = rng.gamma(0.3, size=(11, 8, 8)).astype(np.float32)
        probs = probs.repeat(16, 1).repeat(16, 2)
        probs /= probs.sum(0)
        label = probs.argmax(0).astype(np.uint8)
        label[:2] = 255
        writer.add(name, label)
        store.write(name, probs)
        found[name] = store.read(name)
    writer.write(folder / 'pseudo.json', dict(round=1, probs='probs'))
    return found


def pipeline(folder: Path, *further: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        dict(type='LoadTrashImage'),
        dict(type='LoadLabelMap'),
        dict(type=LoadSoftLabels, store=str(folder / 'probs')),
        *further,
        dict(type='PackSoftLabels', meta_keys=KEYS),
    ]


def both(root: Path, folder: Path, *further: dict[str, Any]) -> Any:
    return build_dataset(
        dict(
            type='PseudoLabelledDataset',
            data_root=str(root),
            pseudo=str(folder / 'pseudo.json'),
            pipeline=pipeline(folder, *further),
        )
    )


def test_pipeline_keeps_labels_and_probabilities_together(
    toy_root: Path, tmp_path: Path
) -> None:
    found = write(toy_root, tmp_path)
    dataset = both(toy_root, tmp_path)
    assert 'gt_probs' not in dataset[0]['data_samples']
    sample = dataset[8]['data_samples']
    probs = sample.gt_probs.data
    assert (probs.dtype, probs.shape) == (torch.uint8, (11, 128, 128))
    assert (probs[:, :2] == 0).all()
    expected = found[sample.file_name][:, 2:]
    assert np.abs(probs[:, 2:].numpy() / 255 - expected).max() < 0.003
    np.random.seed(0)
    steps = (
        dict(type='FastResizeCrop', scale=(300, 150), crop_size=(96, 80)),
        dict(type='FastRandomFlip', prob=1.0),
    )
    for _ in range(3):
        sample = both(toy_root, tmp_path, *steps)[9]['data_samples']
        label, probs = sample.gt_sem_seg.data[0], sample.gt_probs.data
        assert label.shape == probs.shape[1:]
        assert (label[probs.sum(0) == 0] == 255).all()
        seen = label != 255
        top = probs.max(0).values  # rounding makes some even
        own = probs.gather(0, label.clamp(max=10)[None].long())[0]
        assert (own[seen] == top[seen]).all()
    with pytest.raises(ConfigError, match='ClassMix in the same pipeline'):
        _ = both(toy_root, tmp_path, dict(type='ClassMix', prob=1.0))[0]
    other = ProbStore(tmp_path / 'other', ('a', 'b'))
    steps = (dict(type=LoadSoftLabels, store=str(other.folder)),)
    with pytest.raises(ConfigError, match='other: is of the classes'):
        _ = both(toy_root, tmp_path, *steps)[0]


def test_segmentor(project: Path) -> None:
    """Half of the batch is soft: each loss is the mean of its own pixels."""
    cfg = load_config(project / CONFIG)
    cfg.model.decode_head.loss_decode = [
        dict(type='SoftCrossEntropyLoss', label_smoothing=0.0)
    ]
    cfg.model.type = 'SoftLabelEncoderDecoder'
    torch.manual_seed(0)
    model = build_model(cfg, init=True).eval()
    inputs = torch.rand(2, 3, 64, 64)
    labels = torch.randint(0, 11, (2, 64, 64))
    labels[1, 10] = 255
    probs = torch.randint(1, 255, (11, 60, 64), dtype=torch.uint8)  # then padding
    probs[:, 10] = 0
    samples = [
        SegDataSample(gt_sem_seg=PixelData(data=x[None])) for x in labels.clone()
    ]
    samples[1].gt_probs = PixelData(data=probs)
    losses = model.loss(inputs, samples)
    logits = F.interpolate(
        model.decode_head(model.backbone(inputs)), (64, 64), mode='bilinear'
    )
    target = (probs.float() / probs.float().sum(0).clamp(min=1))[None]
    soft = -(target * logits[1:, :, :60].log_softmax(1)).sum(1)
    expected = soft.sum() / (59 * 64)
    torch.testing.assert_close(losses['decode.loss_soft'], expected)
    rest = labels.clone()
    rest[1, :60] = 255
    hard = F.cross_entropy(logits, rest, ignore_index=255)
    torch.testing.assert_close(losses['decode.loss_soft_ce'], hard)
    model.parse_losses(losses)[0].backward()
    assert model.decode_head.conv_seg.weight.grad.abs().sum() > 0
    plain = model.loss(inputs, samples[:1] * 2)
    assert set(plain) == {'decode.loss_soft_ce', 'decode.acc_seg'}
    cfg.model.decode_head.loss_decode[0].type = 'CrossEntropyLoss'
    keys = build_model(load_config(project / CONFIG)).state_dict().keys()
    assert model.state_dict().keys() == keys
