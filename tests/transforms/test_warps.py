"""ElasticDistortion and GridDistortion."""

import mmseg.datasets  # noqa: F401
import numpy as np
import pytest
from mmseg.registry import TRANSFORMS
from scipy.ndimage import gaussian_filter, map_coordinates

from mmseg_trash.transforms import ElasticDistortion, GridDistortion

from .conftest import coloured

WARPS = pytest.mark.parametrize('config', [
    dict(type='ElasticDistortion', prob=1.0),
    dict(type='ElasticDistortion', prob=1.0, alpha=300.0, sigma=8.0, pad_val=200),
    dict(type='GridDistortion', prob=1.0),
    dict(type='GridDistortion', prob=1.0, num_steps=3, limit=0.9),
])  # fmt: skip


def results(seed: int = 0, shape: tuple[int, int] = (70, 90)) -> dict:
    rng = np.random.default_rng(seed)
    label = np.kron(
        rng.choice([0, 1, 4, 9, 255], (shape[0] // 10, shape[1] // 10)),
        np.ones((10, 10)),
    ).astype(np.uint8)
    noise = gaussian_filter(rng.uniform(0, 255, (*shape, 3)), (3, 3, 0))
    image = np.clip((noise - 127) * 5 + 127, 0, 255).astype(np.uint8)
    return dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map'])


@WARPS
def test_equals_scipy_with_the_same_map(config: dict) -> None:
    np.random.seed(0)
    transform = TRANSFORMS.build(config)
    for seed in range(4):
        sample = results(seed)
        x, y = transform.draw_map(70, 90)
        transform.draw = lambda *_: (x, y)  # noqa: B023
        done = transform(dict(sample))
        pad = config.get('pad_val', 0)
        for channel in range(3):
            plane = np.pad(
                sample['img'][..., channel].astype(float), 1, constant_values=pad
            )
            expected = map_coordinates(
                plane, [y + 1, x + 1], order=1, mode='constant', cval=pad
            )
            difference = np.abs(done['img'][..., channel] - expected)
            # OpenCV may round places to 1/32 of a pixel
            assert difference.mean() < 1 and np.quantile(difference, 0.99) < 6
        rows, columns = np.rint(y).astype(int), np.rint(x).astype(int)
        inside = (rows >= 0) & (rows < 70) & (columns >= 0) & (columns < 90)
        nearest = sample['gt_seg_map'][rows.clip(0, 69), columns.clip(0, 89)]
        same = done['gt_seg_map'] == np.where(inside, nearest, 255)
        assert same.mean() > 0.995  # halves are rounded either way


@WARPS
def test_image_and_labels_stay_aligned(config: dict) -> None:
    np.random.seed(1)
    transform = TRANSFORMS.build(dict(config, pad_val=0))
    moved = 0
    for seed in range(6):
        label = results(seed)['gt_seg_map']
        label[label == 255] = 0
        image = coloured(label)
        done = transform(dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map']))
        assert done['img'].shape == image.shape and done['img'].dtype == np.uint8
        assert done['gt_seg_map'].dtype == np.uint8
        assert set(np.unique(done['gt_seg_map'])) <= {*np.unique(label), 255}
        blue, red = done['img'][..., 0], done['img'][..., 2]
        known = done['gt_seg_map'] != 255
        even = (np.abs(blue - done['gt_seg_map'] * 10.0) < 4) & known
        assert even.sum() > 0.6 * known.sum()
        assert (red[even] > 150).mean() > 0.97  # the rest is blended with the border
        moved += (done['gt_seg_map'] != label).any()
    assert moved == 6


@WARPS
def test_reproducible_and_probability_zero(config: dict) -> None:
    done = []
    for seed in (3, 3, 4):
        np.random.seed(seed)
        done.append(TRANSFORMS.build(config)(results())['img'])
    assert np.array_equal(done[0], done[1])
    assert not np.array_equal(done[0], done[2])
    sample = results()
    assert (
        TRANSFORMS.build(dict(config, prob=0.0))(dict(sample))['img'] is sample['img']
    )


def test_elastic_field_is_smoothed_noise() -> None:
    np.random.seed(5)
    x, y = ElasticDistortion(1.0, alpha=40.0, sigma=6.0).draw_map(80, 100)
    np.random.seed(5)
    noise = np.random.uniform(-1, 1, (80, 100, 2))
    for axis, found in enumerate((x - np.arange(100), y - np.arange(80)[:, None])):
        expected = 40 * gaussian_filter(noise[..., axis], 6.0, mode='reflect')
        assert np.abs(found - expected).max() < 1e-3
        assert 0.5 < found.std() < 2  # moves by pixels, neither none nor all


def test_grid_keeps_all_of_the_image() -> None:
    np.random.seed(0)
    x, y = GridDistortion(1.0, num_steps=4, limit=0.5).draw_map(41, 81)
    for places, length in ((x[0], 81), (y[:, 0], 41)):
        assert places[0] == 0 and abs(places[-1] - (length - 1)) < 1e-4
        steps = np.diff(places)
        assert steps.min() > 0.3 and steps.max() < 3
        # four straight pieces
        assert len(np.unique(steps.round(3))) == 4
    assert (x == x[0]).all() and (y == y[:, :1]).all()


def test_nothing_moves_without_strength() -> None:
    np.random.seed(0)
    for transform in (ElasticDistortion(1.0, alpha=0), GridDistortion(1.0, limit=0)):
        sample = results()
        done = transform(dict(sample))
        assert np.array_equal(done['img'], sample['img'])
        assert np.array_equal(done['gt_seg_map'], sample['gt_seg_map'])


@pytest.mark.parametrize('config', [
    dict(type='ElasticDistortion', sigma=0),
    dict(type='ElasticDistortion', alpha=-1),
    dict(type='GridDistortion', limit=1.0),
    dict(type='GridDistortion', num_steps=0),
    dict(type='GridDistortion', prob=-1),
])  # fmt: skip
def test_bad_arguments(config: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        TRANSFORMS.build(config)
