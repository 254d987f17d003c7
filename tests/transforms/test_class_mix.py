import numpy as np
import pytest

from mmseg_trash.transforms import ClassMix


def pasted_labels(transform: ClassMix, dataset, trials: int, index: int = 0) -> list:
    """Return per trial the donor (from the green value) and the labels pasted."""
    found = []
    for _ in range(trials):
        mixed = transform(dataset.results(index))
        green = mixed['img'][..., 1]
        donors = set(np.unique(green)) - {index + 1}
        assert len(donors) <= 1
        labels = np.unique(mixed['gt_seg_map'][green != index + 1])
        found.append((donors.pop() - 1 if donors else None, tuple(labels)))
    return found


def test_half_of_the_classes_and_never_ignored_or_background(dataset) -> None:
    np.random.seed(0)
    found = pasted_labels(ClassMix(1.0, pool_size=0), dataset, 300)
    candidates = {1: {1, 2, 8}, 2: {4, 9}, 3: {2, 3, 6, 10}, 4: {2, 5}}
    sizes = {1: 1, 2: 1, 3: 2, 4: 1}
    seen: dict[int, set] = {}
    for donor, labels in found:
        if donor is not None:
            assert set(labels) <= candidates[donor]
            # a large donor is cut, so that a class may fall outside
            assert len(labels) <= sizes[donor]
            seen.setdefault(donor, set()).update(labels)
    assert seen == candidates


def test_background_as_candidate(dataset) -> None:
    np.random.seed(0)
    found = pasted_labels(ClassMix(1.0, background=True), dataset, 200, index=1)
    assert any(0 in labels for _, labels in found)


def test_pixels_come_from_one_place_of_the_donor(dataset) -> None:
    """Compare with a second implementation, pixel by pixel."""
    np.random.seed(3)
    transform = ClassMix(1.0, pool_size=0)
    for _ in range(60):
        plan = transform.draw(dataset.results(1))
        image, label = (array.copy() for array in dataset.samples[1])
        expected_image, expected_label = image.copy(), label.copy()
        transform.paste(image, label, plan)
        donor_image, donor_label = plan.donor.image, plan.donor.label
        height, width = donor_label.shape
        for y in range(height):
            for x in range(width):
                row, column = y + plan.top, x + plan.left
                inside = 0 <= row < len(label) and 0 <= column < label.shape[1]
                if inside and donor_label[y, x] in plan.labels:
                    expected_label[row, column] = donor_label[y, x]
                    expected_image[row, column] = donor_image[y, x]
        assert np.array_equal(label, expected_label)
        assert np.array_equal(image, expected_image)


def test_donors_are_flipped_with_their_labels(dataset) -> None:
    np.random.seed(0)
    for prob in (0.0, 0.5, 1.0):
        transform = ClassMix(1.0, flip_prob=prob, pool_size=0)
        flips = []
        for _ in range(60):
            donor = transform.draw(dataset.results(0)).donor
            image, label = dataset.samples[donor.index]
            flips.append(not np.array_equal(donor.label, label))
            step = -1 if flips[-1] else 1
            assert np.array_equal(donor.label, label[:, ::step])
            assert np.array_equal(donor.image, image[:, ::step])
        assert np.mean(flips) == prob or 15 < sum(flips) < 45


def test_black_pixels_are_pasted(dataset) -> None:
    image, label = (array.copy() for array in dataset.samples[1])
    image[:] = 0
    black = type(dataset)([dataset.samples[0], (image, label)])
    np.random.seed(0)
    mixed = ClassMix(1.0, flip_prob=0.0)(black.results(0))
    pasted = mixed['gt_seg_map'] > 0
    assert pasted.any()
    assert (mixed['img'][pasted] == 0).all()
    assert (mixed['img'][~pasted] == dataset.samples[0][0][~pasted]).all()


def test_weights_prefer_donors_and_classes(dataset) -> None:
    np.random.seed(0)
    weights = {'Battery': 20, 4: 0}
    transform = ClassMix(1.0, class_weights=weights, pool_size=0)
    found = pasted_labels(transform, dataset, 300)
    share = np.mean([9 in labels for _, labels in found])
    assert share > 0.6
    assert not any(4 in labels for _, labels in found)
    even = pasted_labels(ClassMix(1.0, pool_size=0), dataset, 300)
    assert np.mean([9 in labels for _, labels in even]) < 0.25


def test_sample_is_not_mixed_with_itself(dataset) -> None:
    np.random.seed(0)
    transform = ClassMix(1.0, pool_size=0)
    donors = [transform.draw(dataset.results(2)).donor.index for _ in range(200)]
    assert donors.count(2) <= 4
    assert set(donors) >= {1, 3, 4}


@pytest.mark.parametrize('weights', [
    {'Batery': 2.0}, {99: 1.0}, [1.0] * 12,
])  # fmt: skip
def test_unknown_classes_are_refused(weights, dataset) -> None:
    with pytest.raises(ValueError, match='class'):
        ClassMix(1.0, class_weights=weights)(dataset.results(0))


@pytest.mark.parametrize('weights', [{}, {'Metal': -1}, [0.0] * 11, [np.nan] * 11])
def test_impossible_weights_are_refused(weights) -> None:
    with pytest.raises(ValueError, match='got'):
        ClassMix(class_weights=weights)
