"""Windows cover a photograph, weigh 1 in sum, and need no more memory than stated."""

import weakref
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmseg_trash.inference.engine import Engine, Windows
from mmseg_trash.inference.loading import Loaded
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.views import View
from mmseg_trash.inference.windows import blend, blend_weights, starts
from mmseg_trash.progress import track

from .photographs import NAMES


@pytest.mark.parametrize('length', [1, 7, 8, 9, 12, 13, 31, 100])
@pytest.mark.parametrize('overlap', [0, 0.25, 0.5, 0.9])
def test_windows_cover_a_side(length: int, overlap: float) -> None:
    found = starts(length, 8, overlap)
    assert found[0] == 0 and found[-1] == max(0, length - 8)
    gaps = np.diff(found)
    assert ((gaps > 0) & (gaps <= max(1, 8 * (1 - overlap)) + 0.5)).all()
    total = torch.zeros(length)
    for start, weights in zip(found, blend_weights(length, 8, overlap)):
        assert (weights > 0).all()
        total[start : start + 8] += weights
    torch.testing.assert_close(total, torch.ones(length))


def test_what_windows_refuse() -> None:
    with pytest.raises(ValueError, match='window must be'):
        starts(9, 0, 0.5)
    with pytest.raises(ValueError, match='overlap must'):
        starts(9, 4, 1)


def run(crops: list[Tensor]) -> Tensor:
    """Stand for a model whose output depends on the place in the window."""
    batch = torch.stack(crops)
    ramp = torch.arange(batch.shape[-1]) / 10
    return torch.cat([batch * 2, batch.cumsum(-1) + ramp], dim=1)


def test_blending_equals_loops_with_a_map_of_weights() -> None:
    """As nnU-Net and MONAI do it: Gaussian, sums of both, one division at the end."""
    image = torch.rand(3, 21, 30, dtype=torch.float64)
    size, overlap = 8, 0.5
    places = np.arange(size) - (size - 1) / 2
    bell = np.exp(-0.5 * (places / (size / 8)) ** 2)
    weights = bell[:, None] * bell
    total, weight = np.zeros((6, 21, 30)), np.zeros((21, 30))
    for top in starts(21, size, overlap):
        for left in starts(30, size, overlap):
            crop = image[:, top : top + size, left : left + size]
            output = run([crop])[0].numpy()
            for y in range(size):
                for x in range(size):
                    total[:, top + y, left + x] += weights[y, x] * output[:, y, x]
                    weight[top + y, left + x] += weights[y, x]
    for batch_size in (1, 5):
        found = torch.zeros(6, 21, 30, dtype=torch.float64)
        blend(image, found, [(View(), 1.0)], run, size, overlap, batch_size)
        assert np.abs(found.numpy() - total / weight).max() < 1e-5


def test_turned_windows_are_turned_back() -> None:
    image = torch.rand(3, 9, 21)
    looks = [(View.parse(n), 1 / 3) for n in ('plain', 'rot90', 'hflip+rot180')]
    found = torch.zeros(3, 9, 21)
    blend(image, found, looks, lambda crops: torch.stack(crops), 12, 0.5, 2)
    torch.testing.assert_close(found, image)


class Pointwise(nn.Module):
    """A segmentor that looks at each pixel by itself, and counts its inputs."""

    out_channels = 4
    align_corners = False

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 1)
        self.largest = 0

    def data_preprocessor(self, data: dict, training: bool) -> dict:
        return data | dict(inputs=torch.stack(data['inputs']).float() / 64)

    def inference(self, inputs: Tensor, metas: list[dict]) -> Tensor:
        self.largest = max(self.largest, inputs.numel())
        assert metas[0]['img_shape'] == tuple(inputs.shape[2:])
        return self.conv(inputs)


def loaded(height: int, width: int, scales: tuple[float, ...] = (1.0,)) -> Loaded:
    torch.manual_seed(1)
    sizes = [
        torch.randint(0, 256, (3, int(height * s), int(width * s)), dtype=torch.uint8)
        for s in scales
    ]
    return Loaded('1', sizes, (height, width), [View()] * len(sizes))


@pytest.mark.parametrize('mean', ['probs', 'logits'])
@pytest.mark.parametrize('gives_probs', [False, True])
def test_pointwise_model_sees_no_windows(mean: str, gives_probs: bool) -> None:
    looks = [(0, View(), 0.5), (0, View.parse('rot90'), 0.25), (1, View(0.5), 0.25)]
    image = loaded(40, 28, (1.0, 0.5))
    model = Pointwise()
    results = []
    for windows in (None, Windows(16), Windows(16, 0.25, torch.float16)):
        engine = Engine(model, looks, mean, gives_probs, 3, windows=windows)
        if gives_probs:
            model.inference = lambda x, metas: model.conv(x).softmax(1)
        results.append(next(engine.probs([image])))
        assert results[-1].dtype == torch.float32
    # The logits of the smaller view are resized before the softmax, or after it.
    tolerance = 1e-5 if mean == 'logits' or gives_probs else 0.03
    assert (results[0] - results[1]).abs().max() < tolerance
    assert (results[1] - results[2]).abs().max() < 4e-3
    labels = next(Engine(model, looks, mean, gives_probs).labels([image]))
    assert (labels == results[0].argmax(0)).all()


@pytest.mark.parametrize('dtype, size', [(torch.float32, 4), (torch.float16, 2)])
def test_memory_is_the_accumulator_and_one_batch(dtype: Any, size: int) -> None:
    model, image = Pointwise(), loaded(600, 800)
    engine = Engine(model, [(0, View(), 1.0)], batch_size=2,
                    windows=Windows(64, 0.25, dtype))  # fmt: skip
    accumulator = 4 * 600 * 800 * size
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as record:
        average = next(engine.averages([image], 'probs'))
    assert model.largest == 2 * 3 * 64 * 64, 'no more than a batch on the device'
    held = highest = 0
    for event in record.profiler.kineto_results.events():
        if event.name() == '[memory]':
            held += event.nbytes()
            highest = max(highest, held)
    assert average.dtype == dtype
    assert accumulator <= highest < accumulator + 20 * 4 * 2 * 4 * 64 * 64


@pytest.mark.parametrize('what', ['probs', 'labels'])
def test_one_accumulator_at_a_time(
    cfg: Config, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What an image gave is gone when the next one's windows are blended."""
    made: list[Any] = []
    blended = Engine._blended

    def watched(self: Engine, *args: Any) -> Tensor:
        assert not [ref for ref in made if ref() is not None]
        total = blended(self, *args)
        made.append(weakref.ref(total))
        return total

    monkeypatch.setattr(Engine, '_blended', watched)
    predictor = Predictor(
        cfg, checkpoint, 'cpu', window=96, num_workers=0, batch_size=2
    )
    for name, found in track(getattr(predictor, what)(), len(NAMES), 'predicting'):
        assert name in NAMES and len(found)
        del found
    assert len(made) == len(NAMES) > 1


def test_predictor_in_windows(cfg: Config, checkpoint: Path) -> None:
    """Photographs keep their own size; the model sees windows of it."""
    whole = deepcopy(cfg)
    del whole.predict_dataset.pipeline[1]
    options: dict[str, Any] = dict(num_workers=0, batch_size=2)
    expected = dict(Predictor(whole, checkpoint, 'cpu', **options).probs())
    found = dict(Predictor(cfg, checkpoint, 'cpu', window=96, **options).probs())
    for name in NAMES:
        assert np.abs(found[name] - expected[name]).max() < 1e-5
    cut = Predictor(cfg, checkpoint, 'cpu', window=64, tta=['plain', 'scale0.75+hflip'],
                    half_accumulators=True, **options)  # fmt: skip
    for name, probs in cut.probs():
        assert probs.shape == expected[name].shape
        assert np.abs(probs.sum(0) - 1).max() < 4e-3
        assert np.abs(probs - expected[name]).max() > 1e-2
