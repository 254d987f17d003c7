import numpy as np
import pytest
from mmseg.datasets.transforms import RandomCrop

from mmseg_trash.transforms import FastRandomCrop
from mmseg_trash.transforms.class_cover import CoverTest


def random_label(rng: np.random.Generator) -> np.ndarray:
    """Return a label map of rectangles; the ignore index among them, or one class."""
    height, width = rng.integers(8, 90, 2)
    label = np.full((height, width), rng.choice([0, 3, 255]), np.uint8)
    for _ in range(rng.integers(0, 6)):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(1, 60, 2)
        label[y : y + h, x : x + w] = rng.choice([0, 1, 2, 10, 255])
    return label


@pytest.mark.parametrize('seed', range(8))
def test_same_crop_and_random_state_as_stock(seed: int) -> None:
    rng = np.random.default_rng(seed)
    redrawn = 0
    for trial in range(150):
        label = random_label(rng)
        image = rng.integers(0, 256, (*label.shape, 3), dtype=np.uint8)
        size = tuple(int(n) for n in rng.integers(4, 70, 2))
        ratio = float(rng.choice([0.3, 0.5, 0.75, 0.95, 1.0]))
        outputs, states = [], []
        for crop in (RandomCrop(size, ratio), FastRandomCrop(size, ratio)):
            np.random.seed(trial)
            outputs.append(
                crop(dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map']))
            )
            states.append(np.random.get_state()[2])
        stock, ours = outputs
        assert np.array_equal(stock['img'], ours['img'])
        assert np.array_equal(stock['gt_seg_map'], ours['gt_seg_map'])
        assert stock['img_shape'] == ours['img_shape']
        assert states[0] == states[1]
        redrawn += states[0] > 4
    assert redrawn > 20


def test_labels_of_other_types_are_counted_too() -> None:
    label = np.zeros((40, 40), np.int64)
    label[:, 30:] = 700
    assert CoverTest(label, 0.8, 255).is_varied(0, 40, 0, 40)
    assert not CoverTest(label, 0.7, 255).is_varied(0, 40, 0, 40)


def test_crop_of_ignored_pixels_alone_is_not_varied() -> None:
    label = np.full((40, 40), 255, np.uint8)
    label[:20, :10], label[:20, 10:] = 1, 2
    cover = CoverTest(label, 0.8, 255)
    assert cover.is_varied(0, 40, 0, 40)
    assert not cover.is_varied(20, 40, 0, 40)


@pytest.mark.parametrize('arguments', [
    dict(crop_size=0),
    dict(crop_size=(4, -1)),
    dict(crop_size=(4, 4, 4)),
    dict(crop_size=4, cat_max_ratio=0),
    dict(crop_size=4, cat_max_ratio=1.5),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        FastRandomCrop(**arguments)
