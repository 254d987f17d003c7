"""Fixtures that several test files share."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')


@pytest.fixture(scope='session', autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests' label maps out of the user's cache."""
    os.environ['MMSEG_TRASH_CACHE'] = str(tmp_path_factory.mktemp('cache'))


@pytest.fixture(scope='module', autouse=True)
def _no_log_file_of_other_tests() -> Iterator[None]:
    """Leave no run's log file behind.

    Libraries that configure logging close it, and mmengine then fails to write how the
    next model was initialised.
    """
    yield
    from mmengine.logging import MMLogger

    for logger in MMLogger._instance_dict.values():
        for handler in list(logger.handlers):
            if isinstance(handler, logging.FileHandler):
                logger.removeHandler(handler)
                handler.close()


@pytest.fixture(scope='session')
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny toy data set: 8 train, 4 val and 3 test images of 128×128."""
    from mmseg_trash.datasets.toy import make_toy

    root = tmp_path_factory.mktemp('data') / 'toy'
    make_toy(root, num_train=8, num_val=4, num_test=3, size=128, seed=1, workers=1)
    return root


@pytest.fixture(scope='session')
def taco_root() -> Path:
    """Return the folder of the real photographs, or skip where they are absent.

    ``TACO_ROOT`` names it; a folder ``shared/data/taco289`` beside the project is found
    by itself.
    """
    default = Path(__file__).parents[2] / 'shared' / 'data' / 'taco289'
    root = Path(os.environ.get('TACO_ROOT', default))
    if not (root / 'train.json').is_file():
        pytest.skip(f'no real photographs at {root}; set TACO_ROOT')
    return root


@pytest.fixture(scope='session')
def project() -> Path:
    """Return the project's root."""
    return Path(__file__).parents[1]


@pytest.fixture(scope='session')
def placeholder(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a random model, published under the default's name."""
    import torch

    from mmseg_trash import shipped
    from mmseg_trash.config import build_model, load_config
    from mmseg_trash.metainfo import METAINFO
    from mmseg_trash.shipped.publish import publish

    config = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    folder = tmp_path_factory.mktemp('shipped')
    torch.manual_seed(0)
    model: Any = build_model(load_config(project / config))
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    file = folder / 'trained.pth'
    meta = dict(dataset_meta=METAINFO)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), file)
    out = folder / 'out'
    publish(project / config, file, shipped.NAME, out, project / 'LICENSE')
    return out


@pytest.fixture
def shipped_model(placeholder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a random model that is the default one during a test."""
    from mmseg_trash import shipped

    monkeypatch.setattr(shipped, 'FOLDER', placeholder)
    return shipped.default_model()
