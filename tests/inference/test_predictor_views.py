"""The predictor's views, precision, sources and failures."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.registry import MODELS
from torch.utils.data import Subset

from mmseg_trash.config import build_dataset, load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.pipelines import without_labels
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.views import ViewSet

from .photographs import NAMES, SIZES, by_hand


def predict(cfg: Config, checkpoint: Path, **options: Any) -> dict[str, np.ndarray]:
    options = dict(num_workers=0, batch_size=2) | options
    return dict(Predictor(cfg, checkpoint, 'cpu', **options).probs())


@pytest.fixture(scope='module')
def plain(cfg: Config, checkpoint: Path) -> dict[str, np.ndarray]:
    return predict(cfg, checkpoint)


@pytest.mark.parametrize('mean', ['probs', 'logits'])
def test_views_equal_those_made_by_hand(
    cfg: Config, checkpoint: Path, root: Path, mean: str
) -> None:
    """On images that are no squares; each view has a weight of its own."""
    views = ['vflip', 'rot90', 'rot270', 'scale1.5+hflip']
    looks = [('vflip', 1), ('rot90', 1), ('rot270', 1), ('hflip', 1.5)]
    weights = [1.0, 2.0, 3.0, 4.0]
    found = predict(cfg, checkpoint, tta=ViewSet.from_names(views, weights, mean))
    assert list(found) == NAMES
    for name in NAMES[:2]:
        logits = [
            by_hand(cfg, checkpoint, root, name, turn, factor) for turn, factor in looks
        ]
        if mean == 'probs':
            logits = [one.softmax(0) for one in logits]
        expected = sum(w * one for w, one in zip(weights, logits)) / sum(weights)
        expected = expected.softmax(0) if mean == 'logits' else expected
        assert np.abs(found[name] - expected.numpy()).max() < 1e-4


def test_config_views_equal_mmengines(cfg: Config, checkpoint: Path) -> None:
    """mmengine's TestTimeAug and our TTA model, image by image, three scales."""
    changed = deepcopy(cfg)
    changed.tta_pipeline = load_config(cfg.filename).tta_pipeline
    changed.tta_pipeline[1].transforms[0] = [
        dict(type='Resize', scale=(256, side), keep_ratio=True) for side in (48, 64, 80)
    ]
    found = predict(changed, checkpoint, tta=True, batch_size=3)
    module = Predictor(cfg, checkpoint, 'cpu').model
    model = MODELS.build(dict(type='ProbsTTAModel', module=module))
    pipeline = without_labels(changed.tta_pipeline)
    dataset = build_dataset({**cfg.predict_dataset, 'pipeline': pipeline})
    for place, name in enumerate(NAMES[:3]):
        with torch.no_grad():
            (sample,) = model.test_step(pseudo_collate([dataset[place]]))
        assert np.abs(found[name] - sample.seg_probs.data.numpy()).max() < 1e-5


def test_labels_are_the_argmax(cfg: Config, checkpoint: Path) -> None:
    for tta in (False, ['plain', 'rot90']):
        options: dict[str, Any] = dict(tta=tta, num_workers=0)
        model = Predictor(cfg, checkpoint, 'cpu', **options)
        for (_, label), (_, probs) in zip(model.labels(), model.probs()):
            assert (label == probs.argmax(0)).mean() > 0.999


def test_the_batch_size_changes_nothing_on_photographs(
    project: Path, checkpoint: Path, taco_root: Path
) -> None:
    cfg = load_config(
        project / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py',
        data_root=taco_root,
    )
    steps = cfg.predict_dataset.pipeline
    steps[1:2] = [dict(type='Resize', scale=(211, 97), keep_ratio=True)]
    results = []
    for batch_size in (1, 4):
        model = Predictor(
            cfg, checkpoint, 'cpu', ['plain', 'rot90', 'scale0.7'],
            batch_size=batch_size, num_workers=0,
        )  # fmt: skip
        dataset = model.dataset()
        infos = [dataset.get_data_info(place) for place in range(len(dataset))]
        shapes = [(info['height'], info['width']) for info in infos]
        odd = {shapes.index(shape) for shape in set(shapes)}
        chosen = sorted(odd | {0, 1, 2, 3, 4})
        results.append(dict(model.probs(Subset(dataset, chosen))))
    one, four = results
    assert len({probs.shape for probs in one.values()}) > 2, 'of several shapes'
    assert list(one) == list(four) and len(one) >= 6
    for name, probs in one.items():
        assert np.abs(probs - four[name]).max() < 1e-5


def test_half_precision(cfg: Config, checkpoint: Path, plain: dict) -> None:
    for name, probs in predict(cfg, checkpoint, dtype='bf16').items():
        assert probs.dtype == np.float32
        error = np.abs(probs - plain[name]).mean()
        assert 1e-6 < error < 0.01, 'bfloat16 has three digits'
        assert (probs.argmax(0) == plain[name].argmax(0)).mean() > 0.9


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='set RUN_SLOW=1')
def test_compiled(cfg: Config, checkpoint: Path, plain: dict) -> None:
    model = Predictor(cfg, checkpoint, 'cpu', compile='eager', num_workers=0)
    for name, probs in model.probs(Subset(model.dataset(), [0])):
        assert np.abs(probs - plain[name]).max() < 1e-5


def test_config_by_its_path(cfg: Config, checkpoint: Path) -> None:
    model = Predictor(cfg.filename, checkpoint, 'cpu')
    assert model.cfg.model.type == 'EncoderDecoder'


def test_images_in_memory(
    cfg: Config, checkpoint: Path, root: Path, plain: dict
) -> None:
    model = Predictor(cfg, checkpoint, 'cpu', batch_size=2)
    images = ((name, cv2.imread(str(root / name))) for name in NAMES)
    found = dict(model.probs_of_arrays(images))
    assert list(found) == NAMES
    for name in NAMES:
        assert np.abs(found[name] - plain[name]).max() < 1e-5
    with pytest.raises(ValueError, match='grey: expected H x W x 3'):
        next(model.probs_of_arrays([('grey', np.zeros((4, 4), np.uint8))]))


@pytest.mark.parametrize('workers', [0, 2])
def test_broken_images_are_left_out(
    cfg: Config, checkpoint: Path, root: Path, tmp_path: Path, workers: int
) -> None:
    for name in (NAMES[0], NAMES[2], NAMES[4]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((root / name).read_bytes())
    cut = (root / NAMES[1]).read_bytes()[:-200]
    (tmp_path / NAMES[1]).parent.mkdir()
    (tmp_path / NAMES[1]).write_bytes(cut)
    (tmp_path / 'test.json').write_bytes((root / 'test.json').read_bytes())
    dataset = {**cfg.predict_dataset, 'data_root': str(tmp_path)}
    model = Predictor(cfg, checkpoint, 'cpu', batch_size=2, num_workers=workers)
    failures: dict[str, Exception] = {}
    found = dict(model.labels(model.dataset(dataset), failures))
    assert list(found) == [NAMES[0], NAMES[2], NAMES[4]]
    assert list(failures) == [NAMES[1], NAMES[3]]
    assert 'truncated' in str(failures[NAMES[1]])
    assert isinstance(failures[NAMES[3]], FileNotFoundError)
    with pytest.raises(DataError, match='truncated'):
        list(model.labels(model.dataset(dataset)))


def test_what_is_refused(cfg: Config, checkpoint: Path) -> None:
    for options, message in (
        (dict(dtype='int8'), "float32.*got 'int8'"),
        (dict(window=0), 'window must be at least 1'),
        (dict(window=64, overlap=1.0), 'overlap'),
    ):
        with pytest.raises(ValueError, match=message):
            Predictor(cfg, checkpoint, 'cpu', **options)
    with pytest.raises(ConfigError, match='name views instead'):
        Predictor(cfg, checkpoint, 'cpu', tta=True, window=64)
    assert len(SIZES) == len(NAMES)
