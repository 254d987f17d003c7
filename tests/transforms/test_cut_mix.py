import numpy as np
import pytest

from mmseg_trash.transforms import CutMix
from mmseg_trash.transforms.cut_box import draw_box
from mmseg_trash.transforms.cut_mix import BoxPaste
from mmseg_trash.transforms.image_pool import WholeImage


def by_hand(image, label, plan: BoxPaste) -> tuple[np.ndarray, np.ndarray]:
    """Paste pixel by pixel."""
    image, label = image.copy(), label.copy()
    y1, y2, x1, x2 = plan.box
    height, width = plan.donor.label.shape
    for y in range(y1, y2):
        for x in range(x1, x2):
            v, u = y - plan.top, x - plan.left
            if 0 <= v < height and 0 <= u < width and plan.donor.label[v, u] != 255:
                image[y, x] = plan.donor.image[v, u]
                label[y, x] = plan.donor.label[v, u]
    return image, label


def test_equals_a_loop_over_pixels(dataset) -> None:
    np.random.seed(0)
    transform = CutMix(1.0, flip_prob=0.5)
    changed = ignored = 0
    for k in range(60):
        results = dataset.results(k % 5)
        plan = transform.draw(results)
        image, label = (array.copy() for array in dataset.samples[k % 5])
        expected = by_hand(image, label, plan)
        transform.paste(image, label, plan)
        assert np.array_equal(image, expected[0])
        assert np.array_equal(label, expected[1])
        changed += (image != dataset.samples[k % 5][0]).any()
        ignored += (plan.donor.label == 255).any()
    assert changed > 30 and ignored > 3


def test_share_of_the_box_follows_beta() -> None:
    np.random.seed(0)
    areas = []
    for _ in range(4000):
        y1, y2, x1, x2 = draw_box((101, 203), 1.0)
        assert 0 <= y1 <= y2 <= 101 and 0 <= x1 <= x2 <= 203
        areas.append((y2 - y1) * (x2 - x1) / (101 * 203))
    # the cut ones are smaller: the same by an independent draw of the definition
    rng = np.random.default_rng(1)
    side = np.sqrt(rng.uniform(size=400_000))
    spans = []
    for _ in range(2):
        centre = rng.uniform(size=side.size)
        low, high = (np.clip(centre + s * side / 2, 0, 1) for s in (-1, 1))
        spans.append(high - low)
    expected = spans[0] * spans[1]
    assert abs(np.mean(areas) - expected.mean()) < 0.012
    quantiles = np.linspace(0.1, 0.9, 9)
    difference = np.quantile(areas, quantiles) - np.quantile(expected, quantiles)
    assert np.abs(difference).max() < 0.03


def test_ignored_pixels_are_not_pasted() -> None:
    donor = WholeImage(0, np.full((4, 4, 3), 9, np.uint8), np.full((4, 4), 3, np.uint8))
    donor.label[:2] = 255
    image, label = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.uint8)
    CutMix(1.0).paste(image, label, BoxPaste(donor, 0, 0, (0, 4, 0, 4)))
    assert (label[:2] == 1).all() and (label[2:] == 3).all()
    assert (image[:2] == 0).all() and (image[2:] == 9).all()


def test_class_weights_choose_the_donor(dataset) -> None:
    np.random.seed(0)
    weights = dict.fromkeys(dataset.metainfo['classes'], 0.0) | {'Battery': 1.0}
    transform = CutMix(1.0, class_weights=weights, pool_size=0)
    drawn = [transform.draw(dataset.results(0)).donor.index for _ in range(20)]
    assert set(drawn) == {2}


@pytest.mark.parametrize('arguments', [dict(alpha=0), dict(flip_prob=2)])
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        CutMix(**arguments)
