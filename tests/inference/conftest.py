"""Photographs of mixed shapes, and a small model whose pixels differ."""

import json
import runpy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_trash.config import build_model, load_config

from .photographs import NAMES, SIZES


@pytest.fixture(scope='session')
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


@pytest.fixture(scope='session')
def cfg(project: Path, root: Path) -> Config:
    path = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    loaded = load_config(project / path, data_root=root)
    # One scale, two views, so that a test can compute the average by itself.
    for pipeline in (loaded.predict_pipeline, loaded.predict_dataset.pipeline):
        pipeline[1].scale = (256, 64)
    loaded.tta_pipeline[1].transforms[0] = [loaded.predict_pipeline[1]]
    return loaded


@pytest.fixture(scope='session')
def checkpoint(cfg: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'b0.pth'
    model = build_model(cfg, init=True)
    # Freshly made heads give nearly equal probabilities; these differ between pixels.
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    torch.save(dict(state_dict=model.state_dict()), path)
    return path


@pytest.fixture
def predict(project: Path, cfg: Config, checkpoint: Path) -> Any:
    main = runpy.run_path(str(project / 'tools/predict.py'))['main']
    common = ['--num-workers', '0', '--device', 'cpu']
    start = [cfg.filename, str(checkpoint)]
    return lambda *arguments: main([*start, *map(str, arguments), *common])
