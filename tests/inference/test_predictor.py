import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_trash.config import build_dataset, build_model, load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.inference.predictor import Predictor

# Mixed shapes: no batch is of one shape, and no image has the size it is fed in.
SIZES = [(96, 64), (64, 96), (96, 64), (64, 64), (64, 96)]
NAMES = [f'batch_0{1 + i % 2}/{9 - i:04}.jpg' for i in range(len(SIZES))]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('mixed')
    generator = np.random.default_rng(0)
    images = []
    for number, (name, (height, width)) in enumerate(zip(NAMES, SIZES)):
        (folder / name).parent.mkdir(exist_ok=True)
        small = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(folder / name), image)
        images.append(dict(id=number, file_name=name, height=height, width=width))
    (folder / 'test.json').write_text(json.dumps(dict(images=images)))
    return folder


@pytest.fixture(scope='module')
def cfg(project: Path, root: Path) -> Config:
    path = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    loaded = load_config(project / path, data_root=root)
    # One scale, two views, so that a test can compute the average by itself.
    for pipeline in (loaded.predict_pipeline, loaded.predict_dataset.pipeline):
        pipeline[1].scale = (256, 64)
    loaded.tta_pipeline[1].transforms[0] = [loaded.predict_pipeline[1]]
    return loaded


@pytest.fixture(scope='module')
def checkpoint(cfg: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'b0.pth'
    model = build_model(cfg, init=True)
    # Freshly made heads give nearly equal probabilities; these differ between pixels.
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    torch.save(dict(state_dict=model.state_dict()), path)
    return path


def predictor(cfg: Config, checkpoint: Path, **options: Any) -> Predictor:
    return Predictor(cfg, checkpoint, 'cpu', num_workers=0, **options)


@pytest.fixture(scope='module')
def expected(cfg: Config, checkpoint: Path) -> dict[str, np.ndarray]:
    return dict(predictor(cfg, checkpoint).probs())


def by_hand(cfg: Config, checkpoint: Path, root: Path, name: str, flip: bool = False):
    """Predict without data set, pipeline and preprocessor."""
    model = build_model(cfg)
    model.load_state_dict(torch.load(checkpoint)['state_dict'])
    model.eval()
    image = cv2.imread(str(root / name))
    height, width = image.shape[:2]
    scale = min(256 / max(height, width), 64 / min(height, width))
    size = int(width * scale + 0.5), int(height * scale + 0.5)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    rgb = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1).float()
    mean, std = (
        torch.tensor(cfg.data_preprocessor[key])[:, None, None]
        for key in ('mean', 'std')
    )
    batch = ((rgb - mean) / std)[None]
    with torch.no_grad():
        logits = model.decode_head(model.backbone(batch.flip(3) if flip else batch))
    logits = logits.flip(3) if flip else logits
    for target in (batch.shape[2:], (height, width)):
        logits = torch.nn.functional.interpolate(logits, target, mode='bilinear')
    return logits.softmax(1)[0].numpy()


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
        hand = by_hand(cfg, checkpoint, root, name)
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
        mirrored = by_hand(cfg, checkpoint, root, name, flip=True)
        assert abs(found[name] - (expected[name] + mirrored) / 2).max() < 1e-4
        assert abs(found[name] - expected[name]).max() > 1e-3


def test_tta_model_without_probs(cfg: Config, checkpoint: Path) -> None:
    """The upstream one still serves label maps, yet has lost its averages."""
    changed = cfg.copy()
    changed.tta_model = dict(type='SegTTAModel')
    tta = predictor(changed, checkpoint, tta=True)
    assert [label.shape for _, label in tta.labels()] == SIZES
    with pytest.raises(ConfigError, match='SegTTAModel keeps no seg_probs'):
        next(tta.probs())


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
    changed = cfg.copy()
    changed.tta_pipeline = None
    changed.predict_dataset = None
    with pytest.raises(ConfigError, match='no tta_pipeline'):
        predictor(changed, checkpoint, tta=True)
    with pytest.raises(ConfigError, match='no predict_dataset'):
        predictor(changed, checkpoint).dataset()


def test_file_name_must_be_kept(cfg: Config, checkpoint: Path) -> None:
    dataset_cfg = cfg.copy().predict_dataset
    dataset_cfg.pipeline[-1].meta_keys = ('ori_shape', 'img_shape')
    with pytest.raises(ConfigError, match="keeps no 'file_name'"):
        next(predictor(cfg, checkpoint).labels(build_dataset(dataset_cfg)))
