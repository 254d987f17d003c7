"""A model that is asked for other classes says which it has."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmseg_trash.checkpoint import load_weights
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError
from mmseg_trash.evaluate import evaluate
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.model_classes import check_classes, check_dataset, class_names
from mmseg_trash.shipped import ShippedModel

OTHER = [*CLASSES[:-1], 'Umbrella']


def test_names_of_a_checkpoint() -> None:
    assert class_names(dict(meta=dict(dataset_meta=dict(classes=['a'])))) == ('a',)
    assert class_names(dict(meta=dict(CLASSES=('Backgroud',)))) == ('Background',)
    assert class_names(dict(meta='text')) == class_names({}) == ()


def test_differences_are_told() -> None:
    check_classes((), ['a'], 'f', 'g')
    check_classes(['Backgroud', 'b'], ['Background', 'b'], 'f', 'g')
    with pytest.raises(CheckpointError, match='another order; it predicts 2: a, b'):
        check_classes(['a', 'b'], ['b', 'a'], 'f', 'g')
    with pytest.raises(
        CheckpointError,
        match='f: its classes are not those of g: it lacks c, nobody asks for b; it '
        'predicts 2: a, b',
    ):
        check_classes(['a', 'b'], ['a', 'c'], 'f', 'g')
    check_dataset(dict(meta=dict(classes=['a'])), SimpleNamespace(), 'f')


def test_count_is_told_with_the_names() -> None:
    model = torch.nn.Conv2d(1, 2, 1)
    state = {'decode_head.conv_seg.weight': torch.zeros(2, 1, 1, 1)}
    with pytest.raises(
        CheckpointError, match=r'for 2 classes \(a, b\), but the config has 3'
    ):
        load_weights(model, state, 'f', 3, ['a', 'b'])


def config(model: ShippedModel, root: Path, work_dir: Path) -> Config:
    cfg = load_config(model.config, data_root=root)
    for dataset in (cfg.predict_dataset, cfg.test_dataloader.dataset):
        dataset.metainfo = dict(classes=OTHER)
        dataset.category_map = dict(Clothing='Umbrella')
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.work_dir = str(work_dir)
    return cfg


def test_predicting_and_testing(
    shipped_model: ShippedModel, toy_root: Path, tmp_path: Path
) -> None:
    cfg = config(shipped_model, toy_root, tmp_path)
    expected = r'it lacks Umbrella, nobody asks for Clothing; it predicts 11: Backgro'
    with pytest.raises(CheckpointError, match=r'test\.json: ' + expected):
        Predictor(cfg, shipped_model.weights, 'cpu').dataset()
    with pytest.raises(CheckpointError, match=r'val\.json: ' + expected):
        evaluate(cfg, shipped_model.weights)


def test_twelve_classes(shipped_model: ShippedModel) -> None:
    cfg = load_config(shipped_model.config)
    cfg.model.decode_head.num_classes = 12
    with pytest.raises(CheckpointError, match=r'11 classes \(Background, .*Clothing\)'):
        Predictor(cfg, shipped_model.weights, 'cpu')
    assert build_model(cfg) is not None
