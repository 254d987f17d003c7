import numpy as np
import pytest
from mmseg.datasets.transforms import PhotoMetricDistortion

from mmseg_trash.transforms import FastPhotoMetricDistortion


def every_colour(step: int = 5) -> np.ndarray:
    """Return an image with a fine grid of all colours."""
    values = np.arange(0, 256, step, dtype=np.uint8)
    return np.stack(np.meshgrid(values, values, values), -1).reshape(52, -1, 3)


@pytest.mark.parametrize('arguments', [
    dict(),
    dict(
        brightness_delta=100,
        contrast_range=(0.1, 3.0),
        saturation_range=(0.0, 2.5),
        hue_delta=90,
    ),
])  # fmt: skip
def test_same_image_and_random_state_as_stock(arguments: dict) -> None:
    image = every_colour()
    stock = PhotoMetricDistortion(**arguments)
    ours = FastPhotoMetricDistortion(**arguments)
    changed = 0
    for seed in range(120):
        np.random.seed(seed)
        plan = ours.draw()
        if plan['saturation'] is not None and plan['hue'] is not None:
            continue
        np.random.seed(seed)
        expected = stock(dict(img=image.copy()))['img']
        state = np.random.get_state()
        np.random.seed(seed)
        found = ours(dict(img=image))['img']
        assert np.array_equal(found, expected), seed
        assert np.random.get_state()[2] == state[2]
        changed += not np.array_equal(found, image)
    assert changed > 60
    assert np.array_equal(image, every_colour())


def test_saturation_with_hue_differs_by_one_rounding() -> None:
    image = every_colour()
    tried = 0
    for seed in range(120):
        np.random.seed(seed)
        ours = FastPhotoMetricDistortion()
        plan = ours.draw()
        if plan['saturation'] is None or plan['hue'] is None:
            continue
        tried += 1
        np.random.seed(seed)
        expected = PhotoMetricDistortion()(dict(img=image.copy()))['img']
        np.random.seed(seed)
        difference = np.abs(ours(dict(img=image))['img'] - expected.astype(int))
        assert difference.mean() < 0.4
        assert difference.max() <= 6
    assert tried > 20


def test_views_are_read_and_not_written() -> None:
    image = every_colour()
    for seed in range(30):
        np.random.seed(seed)
        whole = FastPhotoMetricDistortion()(dict(img=image))['img']
        np.random.seed(seed)
        part = FastPhotoMetricDistortion()(dict(img=image[3:40, 100:900]))['img']
        assert np.array_equal(part, whole[3:40, 100:900])
    assert np.array_equal(image, every_colour())


def test_no_change_of_hue_is_allowed() -> None:
    for seed in range(20):
        np.random.seed(seed)
        FastPhotoMetricDistortion(hue_delta=0)(dict(img=every_colour()[:5]))


def test_float_images_are_refused() -> None:
    with pytest.raises(TypeError, match='float32'):
        FastPhotoMetricDistortion()(dict(img=every_colour().astype(np.float32)))


@pytest.mark.parametrize('arguments', [
    dict(brightness_delta=-1),
    dict(contrast_range=(1.5, 0.5)),
    dict(saturation_range=(-0.5, 0.5)),
    dict(hue_delta=91),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        FastPhotoMetricDistortion(**arguments)
