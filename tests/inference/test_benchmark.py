"""Three ways, one result: ours, and mmengine's Runner with mmseg's own parts."""

from pathlib import Path

import numpy as np

from mmseg_trash.inference.benchmark import make_members, predict_ours, predict_stock

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


def test_same_label_maps(project: Path, toy_root: Path, tmp_path: Path) -> None:
    make_members(str(project / CONFIG), 1, tmp_path)
    files = sorted(tmp_path.glob('*.pth'))
    options = (str(project / CONFIG), files, str(toy_root), 1, 0)
    stock, ours = predict_stock(*options), predict_ours(*options)
    assert list(stock) == list(ours) and len(ours) == 1
    for name, label in ours.items():
        assert len(np.unique(label)) > 1
        assert (label == stock[name]).mean() >= 0.999
