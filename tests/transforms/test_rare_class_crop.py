import numpy as np
import pytest

from mmseg_trash.transforms import FastResizeCrop, RareClassCrop

ARGUMENTS = dict(
    scale=(400, 100), crop_size=(40, 40), ratio_range=(0.5, 2.0), cat_max_ratio=0.75
)


def results(objects: dict[int, tuple[int, int]]) -> dict:
    """Return a photograph with objects of 6x6 pixels at the given places."""
    label = np.zeros((100, 140), np.uint8)
    for value, (y, x) in objects.items():
        label[y : y + 6, x : x + 6] = value
    image = np.zeros((100, 140, 3), np.uint8)
    image[..., 0] = label * 10
    return dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map'])


SCENE = {9: (3, 5), 2: (60, 120), 7: (90, 40)}


def test_share_of_centred_crops_and_classes() -> None:
    np.random.seed(0)
    transform = RareClassCrop(**ARGUMENTS, foreground_prob=1.0)
    centres = []
    for _ in range(300):
        label = transform(results(SCENE))['gt_seg_map']
        assert label.shape == (40, 40) and label.any()
        centres.append(set(np.unique(label)) - {0})
    for value in SCENE:
        assert sum(value in found for found in centres) > 70


def test_the_pixel_is_in_the_middle_unless_the_border_is_near() -> None:
    np.random.seed(0)
    transform = RareClassCrop(
        scale=(140, 100), crop_size=(40, 40), ratio_range=(1.0, 1.0), foreground_prob=1
    )
    for _ in range(30):
        label = transform(results({5: (50, 70)}))['gt_seg_map']
        assert label[20, 20] == 5
        label = transform(results({5: (0, 0)}))['gt_seg_map']
        assert (label[:6, :6] == 5).all() and (label == 5).sum() == 36


def test_a_third_by_default() -> None:
    np.random.seed(0)
    transform = RareClassCrop(**ARGUMENTS)
    centred = []
    inner = transform._draw_pixel
    transform._draw_pixel = lambda r: centred.append(1) or inner(r)
    for _ in range(600):
        transform(results(SCENE))
    assert 160 < len(centred) < 240


def test_zero_equals_the_parent_and_so_does_an_empty_photograph() -> None:
    for seed in range(20):
        done = []
        for kind, kwargs in (
            (FastResizeCrop, {}),
            (RareClassCrop, dict(foreground_prob=0)),
        ):
            np.random.seed(seed)
            transform = kind(**ARGUMENTS, **kwargs)
            if kind is FastResizeCrop:
                np.random.seed(seed)
                draw = transform.crop_bbox
                transform.crop_bbox = lambda r, d=draw: np.random.random() and d(r)
            done.append(transform(results(SCENE)))
        assert np.array_equal(done[0]['img'], done[1]['img'])
        assert np.array_equal(done[0]['gt_seg_map'], done[1]['gt_seg_map'])
    empty = RareClassCrop(**ARGUMENTS, foreground_prob=1.0)(results({255: (9, 9)}))
    assert empty['img'].shape == (40, 40, 3)


def test_image_follows_the_label() -> None:
    np.random.seed(2)
    transform = RareClassCrop(**ARGUMENTS, foreground_prob=1.0)
    for _ in range(40):
        done = transform(results(SCENE))
        inside = np.abs(done['img'][..., 0] - done['gt_seg_map'] * 10.0) < 3
        assert inside.mean() > 0.9
        assert done['img_shape'] == (40, 40)


def test_weights_and_background() -> None:
    np.random.seed(0)
    label = dict(results(SCENE), img=np.zeros((100, 140, 3)))
    only = RareClassCrop(
        **ARGUMENTS,
        class_weights={'Battery': 1.0}
        | dict.fromkeys([1, 2, 3, 4, 5, 6, 7, 8, 10], 0.0),
    )
    drawn = [label['gt_seg_map'][only._draw_pixel(label)] for _ in range(30)]
    assert set(drawn) == {9}
    plain = RareClassCrop(**ARGUMENTS)
    drawn = [int(label['gt_seg_map'][plain._draw_pixel(label)]) for _ in range(300)]
    assert set(drawn) == set(SCENE)
    assert min(drawn.count(value) for value in SCENE) > 70
    named = RareClassCrop(**ARGUMENTS, class_weights={'Background': 1.0})
    drawn = [int(label['gt_seg_map'][named._draw_pixel(label)]) for _ in range(100)]
    assert set(drawn) == {0, *SCENE}


def test_reproducible() -> None:
    done = []
    for _ in range(2):
        np.random.seed(4)
        transform = RareClassCrop(**ARGUMENTS)
        done.append([transform(results(SCENE))['gt_seg_map'] for _ in range(9)])
    assert all(np.array_equal(a, b) for a, b in zip(*done))


@pytest.mark.parametrize('arguments', [
    dict(foreground_prob=1.1), dict(class_weights={'Metal': -1}), dict(crop_size=0),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        RareClassCrop(**{**ARGUMENTS, **arguments})
