"""A run starts from an ADE20K segmentor, with one summary."""

from pathlib import Path

import pytest
import torch
from mmseg.registry import MODELS

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.errors import CheckpointError
from mmseg_trash.launch import run_training
from mmseg_trash.metainfo import CLASSES

from .runs import configure


def test_a_segmentor_of_150_classes(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    """mmseg's own types, an auxiliary head and all, as mmseg saves them."""
    hook = dict(type='AveragedWeightsHook')
    cfg = configure(project, toy_root, tmp_path / 'run', 1, hook)
    cfg.train_cfg.val_interval = 2
    cfg.optim_wrapper.optimizer.lr = 0.0
    head = dict(cfg.model.decode_head, num_classes=150)
    backbone = dict(cfg.model.backbone, type='MixVisionTransformer')
    aux = dict(type='FCNHead', in_channels=160, channels=16, num_classes=150)
    torch.manual_seed(1)
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=backbone,
            decode_head=head,
            auxiliary_head=aux | dict(in_index=2, norm_cfg=dict(type='BN')),
        )
    )
    state = {f'module.{key}': value for key, value in model.state_dict().items()}
    file = tmp_path / 'ade20k.pth'
    torch.save(dict(state_dict=state, meta=dict(epoch=1)), file)
    cfg.load_from, cfg.experiment_name = str(file), 'warm-start'
    run_training(cfg)

    content = read_checkpoint(tmp_path / 'run/iter_1.pth')
    for weights in (
        content['state_dict'],
        {k.removeprefix('module.'): v for k, v in content['ema_state_dict'].items()},
    ):
        same = [
            key
            for key, value in weights.items()
            if key in model.state_dict()
            and value.shape == model.state_dict()[key].shape
            and torch.equal(value, model.state_dict()[key])
        ]
        named = {k for k, _ in model.named_parameters() if 'auxiliary' not in k}
        assert named - set(same) == {
            'decode_head.conv_seg.weight',
            'decode_head.conv_seg.bias',
        }
        assert len(weights['decode_head.conv_seg.bias']) == 11
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert f'Start from {file}\nmodule ' in log
    assert log.count('in the file, ') == 2
    assert 'size mismatch' not in log and 'do not match exactly' not in log
    (row,) = [line for line in log.splitlines() if line.startswith('all ')]
    # three blocks of five tensors and a classifier in the auxiliary head, ours
    assert row.split()[-2:] == [str(3 * 5 + 2 + 2), '2']


def test_rows_are_taken_by_the_names_of_the_data_sets_classes(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    cfg = configure(project, toy_root, tmp_path / 'run', 1)
    cfg.optim_wrapper.optimizer.lr = 0.0
    model = MODELS.build(cfg.model)
    state = {key: value.half() for key, value in model.state_dict().items()}
    classes = [*CLASSES[::-1][:5], 'Umbrella']
    for kind in ('weight', 'bias'):
        key = f'decode_head.conv_seg.{kind}'
        state[key] = torch.arange(6.0).reshape(6, *[1] * (state[key].ndim - 1))
        state[key] = state[key].expand(6, *model.state_dict()[key].shape[1:]).half()
    file = tmp_path / 'six.pth'
    torch.save(
        dict(state_dict=state, meta=dict(dataset_meta=dict(classes=classes))), file
    )
    cfg.load_from, cfg.experiment_name = str(file), 'rows-by-name'
    run_training(cfg)
    found = read_checkpoint(tmp_path / 'run/iter_1.pth')['state_dict']
    bias = found['decode_head.conv_seg.bias']
    assert bias.dtype == torch.float32
    assert bias[-5:].tolist() == [4, 3, 2, 1, 0]
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert 'classifier: 5 of 11 rows kept by the name of their class, new: Back' in log


def test_nothing_fits(project: Path, toy_root: Path, tmp_path: Path) -> None:
    cfg = configure(project, toy_root, tmp_path / 'run', 1)
    torch.save(dict(state_dict={'fc.weight': torch.ones(1)}), tmp_path / 'fc.pth')
    cfg.load_from, cfg.experiment_name = str(tmp_path / 'fc.pth'), 'no-start'
    with pytest.raises(CheckpointError, match=r'fc\.pth: none of its 1 tensors fits'):
        run_training(cfg)
