"""The same photographs, truths and predictions after each evaluation."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_trash.hooks import PredictionPanelHook, prediction_panel_hook
from mmseg_trash.metainfo import CLASSES, PALETTE


def runner_of(total: int) -> Any:
    from mmseg.visualization import SegLocalVisualizer

    drawn: dict[tuple[str, int], np.ndarray] = {}
    visualizer = SegLocalVisualizer()
    visualizer.dataset_meta = dict(classes=CLASSES, palette=PALETTE)
    visualizer.add_image = lambda name, image, step: drawn.update({(name, step): image})
    loader = SimpleNamespace(dataset=range(total))
    return SimpleNamespace(
        val_dataloader=loader, visualizer=visualizer, iter=50, drawn=drawn
    )


def sample(folder: Path, index: int, truth: bool = True) -> SegDataSample:
    """Return a red photograph, wide, of class 3 on the left, predicted on the right."""
    path = folder / f'photo {index}.png'
    cv2.imwrite(str(path), np.full((40, 80, 3), (0, 0, 200), np.uint8))
    label = torch.zeros(1, 40, 80, dtype=torch.uint8)
    label[..., :40] = 3
    data = SegDataSample(metainfo=dict(sample_idx=index, img_path=str(path)))
    data.pred_sem_seg = PixelData(data=label.flip(2).long())
    if truth:
        data.gt_sem_seg = PixelData(data=label)
    return data


def evaluate(hook: PredictionPanelHook, runner: Any, samples: list) -> None:
    hook.before_val_epoch(runner)
    for number, one in enumerate(samples):
        hook.after_val_iter(runner, number, None, [one])
    hook.after_val_epoch(runner)


def test_pictures(tmp_path: Path) -> None:
    hook, runner = PredictionPanelHook(3, size=20), runner_of(30)
    hook.before_train(runner)
    samples = [sample(tmp_path, i, truth=i != 25) for i in range(30)]
    evaluate(hook, runner, samples)
    runner.iter = 100
    evaluate(hook, runner, samples[::-1])  # the order does not matter
    names = ['panel_1_photo_5', 'panel_2_photo_15', 'panel_3_photo_25']
    assert list(runner.drawn) == [(name, step) for step in (50, 100) for name in names]
    picture = runner.drawn['panel_1_photo_5', 50]
    assert picture.shape == (10, 60, 3)
    photograph, truth, prediction = np.split(picture.astype(int), 3, axis=1)
    assert (photograph == (200, 0, 0)).all(), 'RGB'
    colour = np.array(PALETTE[3]) * 0.8 + np.array([200, 0, 0]) * 0.2
    assert np.abs(truth[:, :10] - colour).max() < 2
    assert np.abs(prediction[:, 10:] - colour).max() < 2
    assert np.abs(prediction[:, :10] - truth[:, 10:]).max() == 0
    assert runner.drawn['panel_3_photo_25', 50].shape == (10, 40, 3), 'no truth'


def test_a_small_set_and_one_without_training(tmp_path: Path) -> None:
    hook, runner = PredictionPanelHook(4), runner_of(2)
    samples = [sample(tmp_path, i) for i in range(2)]
    evaluate(hook, runner, samples)
    assert not runner.drawn
    hook.before_train(runner)
    evaluate(hook, runner, samples)
    assert [name for name, _ in runner.drawn] == ['panel_1_photo_0', 'panel_2_photo_1']


def test_all_processes_contribute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = [PredictionPanelHook(2), PredictionPanelHook(2)]
    runner = runner_of(4)
    monkeypatch.setattr(
        prediction_panel_hook,
        'all_gather_object',
        lambda found: [hook._found for hook in hooks],
    )
    for rank, hook in enumerate(hooks):
        hook.before_train(runner)
        hook.before_val_epoch(runner)
        for index in range(rank, 4, 2):
            hook.after_val_iter(runner, index, None, [sample(tmp_path, index)])
    assert [len(hook._found) for hook in hooks] == [0, 2]
    hooks[0].after_val_epoch(runner)
    assert [name for name, _ in runner.drawn] == ['panel_1_photo_1', 'panel_2_photo_3']


@pytest.mark.parametrize('arguments', [dict(num_images=0), dict(size=0)])
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got 0'):
        PredictionPanelHook(**arguments)
