import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmseg_trash.config import build_dataset, build_model, load_config
from mmseg_trash.inference.rows import (
    browse_row,
    image_iou,
    pick,
    prediction_row,
    prediction_rows,
)
from mmseg_trash.inference.visualize import overlay

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


def run(project: Path, tool: str, *arguments: Path | str) -> None:
    main = runpy.run_path(str(project / 'tools' / 'analysis' / f'{tool}.py'))['main']
    assert not main([str(argument) for argument in arguments])


@pytest.fixture(scope='module')
def val(project: Path, toy_root: Path):
    cfg = load_config(project / CONFIG, data_root=toy_root)
    return build_dataset(cfg.val_dataloader.dataset)


class Stub:
    """Predicts the truth, all background, or the truth shifted, in turns."""

    def __init__(self, dataset) -> None:
        self.truth = [dataset.label_map_of(i) for i in range(len(dataset))]

    def prediction(self, index: int) -> np.ndarray:
        truth = self.truth[index]
        return [truth, np.zeros_like(truth), np.roll(truth, 9, 1)][index % 3]

    def labels(self, subset):
        for index in subset.indices:
            yield 'name', self.prediction(index)


def test_pick() -> None:
    assert pick(5, 9, 0) == [0, 1, 2, 3, 4]
    assert pick(100, 4, 1) == pick(100, 4, 1) != pick(100, 4, 2)
    assert len(set(pick(100, 40, 1))) == 40


def test_browse_row_shows_what_the_data_set_gives(val) -> None:
    pictures, captions = browse_row(val, 0)
    photograph = cv2.imread(val.get_data_info(0)['img_path'])[..., ::-1]
    assert np.array_equal(pictures[0], photograph)
    assert np.array_equal(pictures[1], overlay(photograph, val.label_map_of(0)))
    assert pictures[2].shape == pictures[3].shape == (128, 128, 3)
    small = cv2.resize(pictures[2], (128, 128), interpolation=cv2.INTER_AREA)
    assert abs(small.astype(int) - photograph).mean() < 6, 'RGB, not BGR'
    assert captions[0] == val.get_data_info(0)['file_name']
    assert '%' in captions[1]
    assert captions[2] == '128 × 128'


def test_prediction_row_scores_the_image(val) -> None:
    stub = Stub(val)
    assert image_iou(val, 0, stub.prediction(0))[0] == 1
    assert prediction_row(val, 0, stub.prediction(0))[1][3].startswith('mIoU 100.0')
    truth, shifted = stub.truth[2], stub.prediction(2)
    classes = np.union1d(truth, shifted)
    naive = [
        ((truth == c) & (shifted == c)).sum() / ((truth == c) | (shifted == c)).sum()
        for c in classes
    ]
    assert image_iou(val, 2, shifted)[0] == pytest.approx(np.mean(naive))
    caption = prediction_row(val, 2, shifted)[1][3]
    assert caption.startswith(f'mIoU {100 * np.mean(naive):.1f}')


def test_worst_come_first(val) -> None:
    rows = list(prediction_rows(Stub(val), val, 3, seed=0, worst=True))
    scores = [float(captions[3].split()[1]) for _, captions in rows]
    every = sorted(image_iou(val, i, Stub(val).prediction(i))[0] for i in range(4))
    assert scores == [round(100 * score, 1) for score in every[:3]]
    assert scores[0] < scores[2]


@pytest.mark.parametrize('split', ['train', 'val'])
def test_browse_dataset(
    project: Path, toy_root: Path, tmp_path: Path, split: str, capsys
) -> None:
    pictures = []
    for seed in ('1', '1', '2'):
        out = tmp_path / f'{len(pictures)}'
        arguments = ('--split', split, '--num', '3', '--per-sheet', '2', '--out', out)
        data = ('--data-root', toy_root, '--seed', seed)
        run(project, 'browse_dataset', project / CONFIG, *arguments, *data)
        names = [f'{split}_01.png', f'{split}_02.png']
        assert [path.name for path in sorted(out.iterdir())] == names
        assert str(out / names[1]) in capsys.readouterr().out
        pictures.append((out / names[0]).read_bytes())
    assert pictures[0] == pictures[1], 'a seed decides what is drawn'
    # Of four validation images two seeds may well draw the same three.
    assert split == 'val' or pictures[0] != pictures[2]


def test_show_predictions(project: Path, toy_root: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model(load_config(project / CONFIG))
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'b0.pth')
    arguments = ('--num', '2', '--out', tmp_path / 'out', '--data-root', toy_root)
    options = ('--device', 'cpu', '--worst')
    weights = tmp_path / 'b0.pth'
    run(project, 'show_predictions', project / CONFIG, weights, *arguments, *options)
    (path,) = (tmp_path / 'out').iterdir()
    height, width = cv2.imread(str(path)).shape[:2]
    assert width == 4 * 288 + 5 * 6
    assert height > 2 * 288


def test_plot_curves(project: Path, tmp_path: Path, capsys) -> None:
    log = tmp_path / 'run' / '20240101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps(dict(loss=1.0, step=1)))
    run(project, 'plot_curves', tmp_path / 'run')
    assert cv2.imread(str(tmp_path / 'run' / 'curves.png')) is not None
    assert 'curves.png' in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match='no vis_data'):
        run(project, 'plot_curves', tmp_path / 'nowhere')
