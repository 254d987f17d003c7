"""Photographs in, label maps out; held against the Predictor and mmseg's own API."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

import mmseg_trash.inference
from mmseg_trash import TrashInferencer
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.inferencer import for_mmseg
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.metainfo import CLASSES, METAINFO, PALETTE

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture(scope='module')
def cfg(toy_root: Path) -> Config:
    return load_config(CONFIG, data_root=toy_root, from_scratch=True)


@pytest.fixture(scope='module')
def weights(cfg: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model: Any = build_model(cfg)
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    path = tmp_path_factory.mktemp('weights') / 'b0.pth'
    meta = dict(dataset_meta=METAINFO)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path


@pytest.fixture(scope='module')
def inferencer(weights: Path) -> TrashInferencer:
    return TrashInferencer(CONFIG, weights, device='cpu')


@pytest.fixture(scope='module')
def photographs(toy_root: Path) -> list[Path]:
    found = sorted(toy_root.rglob('*.jpg'))
    assert len(found) >= 15
    return found


def test_it_is_the_predictor(
    cfg: Config, weights: Path, inferencer: TrashInferencer, toy_root: Path
) -> None:
    predictor = Predictor(cfg, weights, device='cpu', num_workers=0)
    expected = dict(predictor.probs())
    assert len(expected) == 3
    for name, probs in expected.items():
        (path,) = [p for p in toy_root.rglob('*.jpg') if str(p).endswith(name)]
        found = inferencer(path, probs=True)
        np.testing.assert_allclose(found.probs, probs, atol=1e-5)
        assert (found.label == probs.argmax(0)).all()
        assert len(np.unique(found.label)) > 1
        assert found.name == str(path)


def test_every_kind_of_image_is_the_same(
    inferencer: TrashInferencer, photographs: list[Path], tmp_path: Path
) -> None:
    bgr = cv2.imread(str(photographs[0]))[:, :100]
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    cv2.imwrite(str(tmp_path / 'a.png'), bgr)
    expected = inferencer(rgb).label
    assert expected.shape == rgb.shape[:2]
    for image in (tmp_path / 'a.png', str(tmp_path / 'a.png'), Image.fromarray(rgb)):
        found = inferencer(image)
        assert (found.label == expected).all() and (found.image == rgb).all()
        assert found.probs is None
    assert (inferencer(bgr.copy()).label != expected).any()  # channels do matter
    turned = Image.fromarray(rgb)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / 'b.jpg', exif=exif, quality=100, subsampling=0)
    (from_file, from_pil) = (
        inferencer(tmp_path / 'b.jpg'),
        inferencer(Image.open(tmp_path / 'b.jpg')),
    )
    assert from_file.image.shape == (100, 128, 3) == from_pil.image.shape
    names = [found.name for found in inferencer.stream(tmp_path)]
    assert [Path(name).name for name in names] == ['a.png', 'b.jpg']
    assert len(list(inferencer.stream([rgb, tmp_path / 'a.png']))) == 2


def test_areas_and_pictures(
    inferencer: TrashInferencer, photographs: list[Path]
) -> None:
    found = inferencer(photographs[1])
    assert inferencer.classes == CLASSES
    for name, area in found.areas.items():
        count = int((found.label == CLASSES.index(name)).sum())
        assert area.pixels == count > 0
        assert area.share == count / found.label.size
    pixels = [area.pixels for area in found.areas.values()]
    assert sum(pixels) == found.label.size and pixels == sorted(pixels, reverse=True)
    picture = found.label_image()
    assert (np.asarray(picture) == found.label).all()
    colours = np.asarray(picture.convert('RGB'))
    assert (colours == np.array(PALETTE, np.uint8)[found.label]).all()
    drawn = found.overlay()
    background = found.label == 0
    assert (drawn[background] == found.image[background]).all()
    assert (drawn[~background] != found.image[~background]).any()


def test_bad_images_and_models_are_named(
    inferencer: TrashInferencer, weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match=r'no\.jpg'):
        inferencer(tmp_path / 'no.jpg')
    (tmp_path / 'text.jpg').write_text('text')
    with pytest.raises(DataError, match=r'text\.jpg: no readable image'):
        inferencer(tmp_path / 'text.jpg')
    with pytest.raises(DataError, match='is a folder'):
        inferencer(tmp_path)
    for shape, kind in (((4, 4, 4), np.uint8), ((4, 4, 3), np.float32)):
        with pytest.raises(DataError, match='expected H x W x 3'):
            inferencer(np.zeros(shape, kind))
    with pytest.raises(DataError, match='no pixels'):
        inferencer(np.zeros((0, 4, 3), np.uint8))
    with pytest.raises(ConfigError, match='needs a checkpoint'):
        TrashInferencer(CONFIG)
    with pytest.raises(ConfigError, match='goes with a config alone'):
        TrashInferencer('model.onnx', weights)
    with pytest.raises(ConfigError, match='expected a config'):
        TrashInferencer('model.bin')


def test_mmseg_inferencer_takes_our_configs(
    cfg: Config, weights: Path, inferencer: TrashInferencer, photographs: list[Path]
) -> None:
    from mmseg.apis import MMSegInferencer, inference_model, init_model

    path = str(photographs[2])
    expected = inferencer(path).label
    theirs = MMSegInferencer(for_mmseg(cfg), str(weights), device='cpu')
    found = theirs(path)['predictions']
    assert (found == expected).all() and len(np.unique(expected)) > 1
    model = init_model(for_mmseg(cfg), str(weights), device='cpu')
    for image in (path, cv2.imread(path)):
        (label,) = inference_model(model, image).pred_sem_seg.data.numpy()
        assert (label == expected).all()
    assert cfg.test_dataloader.dataset.pipeline[0].type == 'LoadTrashImage'


def test_the_name_costs_nothing_until_it_is_used() -> None:
    code = 'import sys, mmseg_trash.inference; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
    assert mmseg_trash.TrashInferencer is mmseg_trash.inference.TrashInferencer
    assert mmseg_trash.inference.Predictor is Predictor
    for module in (mmseg_trash, mmseg_trash.inference):
        with pytest.raises(AttributeError, match='Inferencr'):
            _ = module.Inferencr
