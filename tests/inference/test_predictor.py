from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_trash.config import build_dataset
from mmseg_trash.errors import ConfigError
from mmseg_trash.inference.predictor import Predictor

from .photographs import NAMES, SIZES, by_hand


def predictor(cfg: Config, checkpoint: Path, **options: Any) -> Predictor:
    return Predictor(cfg, checkpoint, 'cpu', num_workers=0, **options)


@pytest.fixture(scope='module')
def expected(cfg: Config, checkpoint: Path) -> dict[str, np.ndarray]:
    return dict(predictor(cfg, checkpoint).probs())


def test_every_image_once_in_order_at_its_size(expected: dict) -> None:
    assert list(expected) == NAMES
    assert [p.shape for p in expected.values()] == [(11, *size) for size in SIZES]
    for probs in expected.values():
        assert probs.dtype == np.float32
        assert np.allclose(probs.sum(0), 1, atol=1e-5)
        assert len(np.unique(probs.argmax(0))) > 1


def test_probs_equal_those_made_by_hand(
    cfg: Config, checkpoint: Path, root: Path, expected: dict
) -> None:
    for name in NAMES[:2]:
        hand = by_hand(cfg, checkpoint, root, name).softmax(0).numpy()
        assert abs(expected[name] - hand).max() < 1e-4


@pytest.mark.parametrize('batch_size', [1, 2, 5, 8])
def test_labels_do_not_depend_on_the_batch(
    cfg: Config, checkpoint: Path, expected: dict, batch_size: int
) -> None:
    found = list(predictor(cfg, checkpoint, batch_size=batch_size).labels())
    assert [name for name, _ in found] == NAMES
    for name, label in found:
        assert label.dtype == np.uint8
        # Sums in another order may turn a tie.
        assert (label == expected[name].argmax(0)).mean() > 0.999


def test_workers_give_the_same(cfg: Config, checkpoint: Path, expected: dict) -> None:
    loaded = Predictor(cfg, checkpoint, 'cpu', batch_size=2, num_workers=2)
    found = dict(loaded)
    assert list(found) == NAMES
    for name, probs in found.items():
        assert abs(probs - expected[name]).max() < 1e-4


def test_views_are_averaged_as_probabilities(
    cfg: Config, checkpoint: Path, root: Path, expected: dict
) -> None:
    found = dict(predictor(cfg, checkpoint, tta=True, batch_size=3).probs())
    assert list(found) == NAMES
    for name in NAMES[:2]:
        mirrored = by_hand(cfg, checkpoint, root, name, 'hflip').softmax(0).numpy()
        assert abs(found[name] - (expected[name] + mirrored) / 2).max() < 1e-4
        assert abs(found[name] - expected[name]).max() > 1e-3


def test_tta_model_of_another_kind(cfg: Config, checkpoint: Path) -> None:
    """The upstream one means the same; what an unknown one does, nobody knows."""
    changed = deepcopy(cfg)
    changed.tta_model = dict(type='SegTTAModel')
    tta = predictor(changed, checkpoint, tta=True)
    assert [label.shape for _, label in tta.labels()] == SIZES
    changed.tta_model = dict(type='Other')
    with pytest.raises(ConfigError, match="tta_model 'Other'"):
        predictor(changed, checkpoint, tta=True)


def test_head_that_gives_probs_is_left_alone(
    cfg: Config, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmseg.models import SegformerHead

    monkeypatch.setattr(SegformerHead, 'output', 'probs', raising=False)
    raw = next(predictor(cfg, checkpoint).probs())[1]
    assert abs(raw.sum(0) - 1).max() > 0.1, 'these are logits, handed through'
    tta = next(predictor(cfg, checkpoint, tta=True).probs())[1]
    assert abs(tta.sum(0) - 1).max() > 0.1


def test_a_subset_of_another_data_set(cfg: Config, checkpoint: Path) -> None:
    model = predictor(cfg, checkpoint)
    subset = torch.utils.data.Subset(model.dataset(cfg.predict_dataset), [3, 1])
    assert [name for name, _ in model.labels(subset)] == [NAMES[3], NAMES[1]]


def test_what_the_predictor_refuses(cfg: Config, checkpoint: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        predictor(cfg, checkpoint.with_name('none.pth'))
    with pytest.raises(ValueError, match='batch_size must be at least 1, got 0'):
        predictor(cfg, checkpoint, batch_size=0)
    changed = deepcopy(cfg)
    changed.tta_pipeline = None
    changed.predict_dataset = None
    with pytest.raises(ConfigError, match='no tta_pipeline'):
        predictor(changed, checkpoint, tta=True)
    with pytest.raises(ConfigError, match='no predict_dataset'):
        predictor(changed, checkpoint).dataset()


def test_file_name_must_be_kept(cfg: Config, checkpoint: Path) -> None:
    dataset_cfg = deepcopy(cfg).predict_dataset
    dataset_cfg.pipeline[-1].meta_keys = ('ori_shape', 'img_shape')
    with pytest.raises(ConfigError, match="keeps no 'file_name'"):
        next(predictor(cfg, checkpoint).labels(build_dataset(dataset_cfg)))
