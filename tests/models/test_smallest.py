"""The smallest network of every family predicts images of any shape."""

from pathlib import Path

import pytest
import torch
import yaml
from mmseg.structures import SegDataSample

from mmseg_trash.config import build_model, load_config
from mmseg_trash.evaluate import gives_probs
from mmseg_trash.metainfo import NUM_CLASSES

ROOT = Path(__file__).parents[2]


def _smallest(metafile: Path) -> Path:
    models = yaml.safe_load(metafile.read_text(encoding='utf-8'))['Models']
    trash = [m for m in models if '_trash-' in m['Name']]
    return ROOT / min(trash, key=lambda m: m['Metadata']['Parameters'])['Config']


FAMILIES = [_smallest(file) for file in sorted(ROOT.glob('configs/*/metafile.yml'))]


def test_every_family_is_here() -> None:
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text(encoding='utf-8'))
    assert len(FAMILIES) == len(index['Import']) >= 18
    assert all((ROOT / file).is_file() for file in index['Import'])


@pytest.mark.parametrize('path', FAMILIES, ids=lambda p: p.stem)
def test_it_predicts(path: Path) -> None:
    cfg = load_config(path, from_scratch=True)
    torch.manual_seed(0)
    model = build_model(cfg, init=True).eval()
    for height, width in ((64, 64), (70, 97)):
        shape = dict(
            ori_shape=(height, width),
            img_shape=(height, width),
            pad_shape=(height, width),
        )
        batch = dict(
            inputs=[torch.randint(256, (3, height, width), dtype=torch.uint8)],
            data_samples=[SegDataSample(metainfo=shape)],
        )
        with torch.inference_mode():
            (found,) = model.test_step(batch)
        output = found.seg_logits.data
        assert output.shape == (NUM_CLASSES, height, width)
        assert torch.isfinite(output).all() and output.std() > 0
        assert found.pred_sem_seg.data.shape == (1, height, width)
        if gives_probs(cfg):
            total = output.sum(0)
            assert torch.allclose(total, torch.ones_like(total), atol=1e-4)
