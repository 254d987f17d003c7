import numpy as np
import pytest

from mmseg_trash.transforms import CopyPaste
from mmseg_trash.transforms.object_crop import Placement, cut_out, lay_in

ONE = dict(prob=1.0, num_objects=(1, 1), scale=(1.0, 1.0), min_area=1, flip_prob=0.0)


def test_only_chosen_classes_are_pasted_each_as_often(dataset) -> None:
    np.random.seed(0)
    transform = CopyPaste(**ONE, classes=['Metal', 'Battery', 2], pool_size=0)
    labels = [
        int(transform(dataset.results(0))['gt_seg_map'].max()) for _ in range(600)
    ]
    assert set(labels) == {2, 4, 9}
    assert min(labels.count(c) for c in (2, 4, 9)) > 150


def test_default_classes_are_the_rare_ones(dataset) -> None:
    np.random.seed(0)
    transform = CopyPaste(**ONE, pool_size=0)
    labels = {int(transform(dataset.results(0))['gt_seg_map'].max()) for _ in range(99)}
    assert labels == {3, 4, 5, 9, 10}


def test_object_keeps_its_colours(dataset) -> None:
    np.random.seed(0)
    transform = CopyPaste(**ONE)
    for _ in range(30):
        mixed = transform(dataset.results(0))
        pasted = mixed['img'][..., 1] != 1
        assert np.array_equal(pasted, mixed['gt_seg_map'] > 0)
        assert (mixed['img'][pasted, 0] == mixed['gt_seg_map'][pasted] * 10).all()
        assert (mixed['img'][..., 2] == 200).all()


def test_hidden_pixels_do_not_come_along(dataset) -> None:
    image, label = (array.copy() for array in dataset.samples[2])
    label[20:30, :20] = 8
    hidden = type(dataset)([dataset.samples[0], (image, label)])
    whole = hidden.instances(1)
    cover = label == 4
    cover[20:30, :15] = True
    metal = type(whole[0])(4, cover)
    hidden.instances = lambda index: [metal] if index else []
    np.random.seed(0)
    mixed = CopyPaste(**ONE, classes=['Metal'])(hidden.results(0))
    assert 0 < (mixed['gt_seg_map'] == 4).sum() <= (label == 4).sum() < cover.sum()


def test_background_alone_is_covered(dataset) -> None:
    np.random.seed(0)
    old = dataset.samples[1][1]
    transform = CopyPaste(1.0, min_area=4, on='background', feather=1.0)
    changed = 0
    for _ in range(50):
        mixed = transform(dataset.results(1))
        assert (mixed['gt_seg_map'][old > 0] == old[old > 0]).all()
        assert (mixed['img'][old > 0] == dataset.samples[1][0][old > 0]).all()
        changed += (mixed['gt_seg_map'] != old).any()
    assert changed > 30


def laid(sigma: float = 0.0, min_area: int = 1, **kwargs) -> tuple:
    """Lay a white disc's quarter over black; return image, label map and area."""
    cover = np.zeros((40, 40), bool)
    cover[10:30, 12:24] = True
    crop = cut_out(np.full((40, 40, 3), 255, np.uint8), cover, 7, sigma)
    image, label = np.zeros((60, 50, 3), np.uint8), np.zeros((60, 50), np.uint8)
    placement = Placement(
        **{**dict(crop=crop, scale=1.0, flip=False, centre=(30, 25)), **kwargs}
    )
    return image, label, lay_in(image, label, placement, sigma, min_area)


def test_hard_edge() -> None:
    image, label, area = laid()
    assert area == 20 * 12 == (label == 7).sum()
    assert np.array_equal(image[..., 0] > 0, label == 7)
    assert (label[20:40, 19:31] == 7).all()


def test_feathered_edge_blends_and_labels_from_one_half() -> None:
    image, label, area = laid(sigma=2.0)
    assert np.array_equal(image[..., 0] >= 127, label == 7)
    assert len(np.unique(image)) > 8
    assert abs(area - 240) <= 12


@pytest.mark.parametrize('scale, area', [(0.5, 60), (2.0, 960)])
def test_scale(scale: float, area: int) -> None:
    assert laid(scale=scale)[2] == area


def test_clipped_below_the_least_area_is_left_out() -> None:
    image, label, area = laid(centre=(0, 0), min_area=60)
    assert area == 60 == (label == 7).sum()
    image, label, area = laid(centre=(0, 0), min_area=61)
    assert area == 0 == image.max() == label.max()


def test_flip() -> None:
    cover = np.ones((4, 6), bool)
    donor = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    crop = cut_out(donor, cover, 3, 0.0)
    image, label = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), np.uint8)
    lay_in(image, label, Placement(crop, 1.0, True, (2, 3)), 0.0, 1)
    assert np.array_equal(image, donor[:, ::-1])


def test_large_objects_are_made_to_fit(dataset) -> None:
    small = type(dataset)(
        [
            (dataset.samples[4][0][:12, :12], np.zeros((12, 12), np.uint8)),
            dataset.samples[3],
        ]
    )
    np.random.seed(0)
    transform = CopyPaste(1.0, scale=(3.0, 4.0), min_area=1, num_objects=(1, 1))
    for _ in range(20):
        for placement in transform.draw(small.results(0)):
            height, width = placement.crop.cover.shape
            assert max(height, width) * placement.scale <= 12.001


@pytest.mark.parametrize('arguments', [
    dict(classes=[]),
    dict(classes='Metal'),
    dict(num_objects=(0, 1)),
    dict(num_objects=(3, 2)),
    dict(scale=(0, 1)),
    dict(feather=-1),
    dict(min_area=0),
    dict(on='objects'),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError):
        CopyPaste(**arguments)


def test_unknown_class_lists_the_known_ones(dataset) -> None:
    with pytest.raises(ValueError, match=r"'Batery'.*'Battery'"):
        CopyPaste(1.0, classes=['Batery'])(dataset.results(0))
