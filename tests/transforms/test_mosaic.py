import cv2
import mmseg.datasets  # noqa: F401 (registers mmseg's own)
import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

from mmseg_trash.transforms import Mosaic


def test_equals_opencv_part_by_part(dataset) -> None:
    np.random.seed(0)
    transform = Mosaic(1.0, scale=(0.5, 1.3))
    for k in range(40):
        results = dataset.results(k % 5)
        plan = transform.draw(results)
        image, label = (array.copy() for array in dataset.samples[k % 5])
        original = image.copy(), label.copy()
        transform.paste(image, label, plan)
        covered = np.zeros(label.shape, int)
        assert sum(tile.donor is None for tile in plan) == 1
        for tile in plan:
            donor = tile.donor
            source = original if donor is None else (donor.image, donor.label)
            top, bottom, left, right = tile.source
            y1, y2, x1, x2 = tile.target
            covered[y1:y2, x1:x2] += 1
            expected = cv2.resize(source[0], tile.size)[top:bottom, left:right]
            difference = image[y1:y2, x1:x2].astype(int) - expected
            # hard edges show the rounding of resize_part at its worst
            assert np.abs(difference).max() <= 8
            assert np.abs(difference).mean() < 0.5
            nearest = cv2.resize(source[1], tile.size, interpolation=cv2.INTER_NEAREST)
            assert np.array_equal(label[y1:y2, x1:x2], nearest[top:bottom, left:right])
        assert (covered == 1).all()


def test_sample_keeps_each_part_as_often(dataset) -> None:
    np.random.seed(0)
    transform = Mosaic(1.0)
    corners = []
    for _ in range(200):
        plan = transform.draw(dataset.results(1))
        (own,) = [tile.target for tile in plan if tile.donor is None]
        corners.append((own[0] == 0, own[2] == 0))
    assert min(corners.count(corner) for corner in set(corners)) > 30
    assert len(set(corners)) == 4


def test_no_pixel_is_padding(dataset) -> None:
    np.random.seed(0)
    transform = Mosaic(1.0)
    for k in range(40):
        mixed = transform(dataset.results(k % 4))
        # red is 200 in every donor, the sample without 255 stays so unless a donor has
        assert (mixed['img'][..., 2] == 200).all()


def test_divided_at_the_border_leaves_parts_out(dataset) -> None:
    np.random.seed(0)
    transform = Mosaic(1.0, centre=(0.0, 0.0))
    assert len(transform.draw(dataset.results(0))) == 1
    assert transform(dataset.results(0))['img'].shape == (60, 80, 3)


def test_name_is_not_mmsegs() -> None:
    assert TRANSFORMS.get('Mosaic') is Mosaic
    assert TRANSFORMS.get('RandomMosaic') is not Mosaic


@pytest.mark.parametrize('arguments', [
    dict(centre=(0.6, 0.5)), dict(scale=(0, 1)), dict(flip_prob=-1),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        Mosaic(**arguments)
