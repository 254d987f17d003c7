import numpy as np
import pytest

from mmseg_trash.transforms import ObjectBankPaste
from mmseg_trash.transforms.live_weights import LiveWeights

from .conftest import coloured, stripes


def by_hand(sample, donor, value: int) -> tuple[np.ndarray, np.ndarray]:
    """Paste pixel by pixel, for images of one size."""
    (image, label), (donor_image, donor_label) = sample, donor
    image, label = image.copy(), label.copy()
    for y, x in zip(*np.nonzero(donor_label == value)):
        image[y, x], label[y, x] = donor_image[y, x], value
    return image, label


def test_pasted_in_place(dataset) -> None:
    label = stripes((60, 80), [4, 9])
    same = type(dataset)([dataset.samples[1], (coloured(label, 7), label)])
    np.random.seed(0)
    transform = ObjectBankPaste(1.0)
    seen = set()
    for _ in range(12):
        mixed = transform(same.results(0))
        ((crop, _, _),) = [(p.crop, p.top, p.left) for p in [_only(transform, same)]]
        matches = []
        for value in (4, 9):
            image, expected = by_hand(same.samples[0], same.samples[1], value)
            if np.array_equal(mixed['gt_seg_map'], expected):
                assert np.array_equal(mixed['img'], image)
                matches.append(value)
        assert len(matches) == 1
        seen.update(matches)
        assert crop.label in (4, 9)
    assert seen == {4, 9}


def _only(transform: ObjectBankPaste, dataset):
    (paste,) = transform.draw(dataset.results(0))
    return paste


def test_black_pixels_are_pasted_too(dataset) -> None:
    label = stripes((60, 80), [9])
    black = type(dataset)(
        [dataset.samples[0], (np.zeros((60, 80, 3), np.uint8), label)]
    )
    np.random.seed(0)
    mixed = ObjectBankPaste(1.0)(black.results(0))
    assert np.array_equal(mixed['gt_seg_map'], label)
    assert (mixed['img'][label == 9] == 0).all()
    assert (mixed['img'][label == 0, 2] == 200).all()


def test_each_class_as_often(dataset) -> None:
    np.random.seed(0)
    transform = ObjectBankPaste(1.0, ['Metal', 'Battery', 2], pool_size=0)
    labels = [
        int(transform(dataset.results(0))['gt_seg_map'].max()) for _ in range(600)
    ]
    assert set(labels) == {2, 4, 9}
    assert min(labels.count(c) for c in (2, 4, 9)) > 150


def test_other_size_keeps_the_relative_place(dataset) -> None:
    label = np.zeros((200, 100), np.uint8)
    label[95:105, 45:55] = 9
    large = type(dataset)([dataset.samples[0], (coloured(label, 7), label)])
    np.random.seed(0)
    mixed = ObjectBankPaste(1.0)(large.results(0))['gt_seg_map']
    rows, columns = np.nonzero(mixed)
    assert len(rows) == 100
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (25, 34, 35, 44)


def test_too_small_items_are_not_in_the_bank(dataset) -> None:
    areas = {
        int(value): int((label == value).sum())
        for _, label in dataset.samples
        for value in np.unique(label)
    }
    least = sorted(areas[c] for c in (3, 4, 5, 9, 10))[2]
    np.random.seed(0)
    transform = ObjectBankPaste(1.0, min_area=least, pool_size=0)
    found = {int(transform(dataset.results(0))['gt_seg_map'].max()) for _ in range(60)}
    assert found == {c for c in (3, 4, 5, 9, 10) if areas[c] >= least}


def test_live_weights_take_the_place_of_the_classes(dataset) -> None:
    np.random.seed(0)
    transform = ObjectBankPaste(1.0)
    transform.live_weights = LiveWeights(11)

    def labels(number: int = 60) -> list[int]:
        return [
            int(transform(dataset.results(0))['gt_seg_map'].max())
            for _ in range(number)
        ]

    assert set(labels()) == {3, 4, 5, 9, 10}
    weights = np.zeros(11)
    weights[[1, 8]] = 1, 3
    transform.live_weights.set(weights)
    found = labels(300)
    assert set(found) == {1, 8}
    assert 0.6 < found.count(8) / 300 < 0.9
    # a class without donors leaves the config's
    transform.live_weights.set(np.eye(11)[7])
    assert set(labels()) == {3, 4, 5, 9, 10}


@pytest.mark.parametrize('arguments', [
    dict(classes=[]), dict(classes='Metal'), dict(num_items=(2, 1)), dict(min_area=0),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        ObjectBankPaste(**arguments)
