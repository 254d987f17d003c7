import os
import pickle
import sys

import numpy as np
import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.transforms import Albumentations

os.environ.setdefault('NO_ALBUMENTATIONS_UPDATE', '1')
if sys.modules.get('albumentations', '') is not None:
    library = pytest.importorskip('albumentations', reason='albumentations is optional')

GEOMETRIC = [
    dict(type='Rotate', limit=(30, 60), p=1.0),
    dict(
        type='OneOf',
        transforms=[
            dict(type='ElasticTransform', alpha=40, sigma=6, p=1.0),
            dict(type='GridDistortion', p=1.0),
        ],
        p=1.0,
    ),
]


def results(shape: tuple[int, int] = (60, 90)) -> dict:
    label = np.full(shape, 3, np.uint8)
    label[10:30, 20:50] = 9
    image = np.empty((*shape, 3), np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = label * 10, 40, 200
    return dict(img=image, gt_seg_map=label, seg_fields=['gt_seg_map'], img_shape=shape)


def test_no_label_is_invented_where_nothing_was() -> None:
    np.random.seed(0)
    transform = Albumentations(GEOMETRIC)
    outside = 0
    for _ in range(10):
        done = transform(results())
        assert set(np.unique(done['gt_seg_map'])) <= {3, 9, 255}
        beyond = done['gt_seg_map'] == 255
        outside += beyond.sum()
        blue = done['img'][..., 0].astype(float)
        inner = ~beyond & (np.abs(blue - done['gt_seg_map'] * 10.0) < 6)
        assert inner.sum() > 0.8 * (~beyond).sum()
        assert (done['img'][inner, 2] > 150).all()
        assert (done['img'][inner, 0] < 120).all()
    assert outside > 1000


def test_fill_of_ones_own_stays() -> None:
    np.random.seed(0)
    step = dict(type='Rotate', limit=(45, 45), p=1.0, fill_mask=7)
    assert set(np.unique(Albumentations([step])(results())['gt_seg_map'])) == {3, 7, 9}


@pytest.mark.parametrize('step, shape', [
    (dict(type='RandomCrop', height=20, width=30, p=1.0), (20, 30)),
    (dict(type='Resize', height=33, width=44, p=1.0), (33, 44)),
    (dict(type='Transpose', p=1.0), (90, 60)),
])  # fmt: skip
def test_shape_follows_the_image(step: dict, shape: tuple[int, int]) -> None:
    done = Albumentations([step])(results())
    assert done['img_shape'] == done['img'].shape[:2] == shape
    assert done['gt_seg_map'].shape == shape and done['gt_seg_map'].dtype == np.uint8
    assert set(np.unique(done['gt_seg_map'])) <= {3, 9}


def test_equals_the_library() -> None:
    step = dict(type='D4', p=1.0)
    np.random.seed(3)
    done = Albumentations([step])(results())
    np.random.seed(3)
    own = library.Compose([library.D4(p=1.0)])
    own.set_random_seed(int(np.random.randint(2**31)))
    sample = results()
    expected = own(image=sample['img'][..., ::-1].copy(), mask=sample['gt_seg_map'])
    assert np.array_equal(done['img'], expected['image'][..., ::-1])
    assert np.array_equal(done['gt_seg_map'], expected['mask'])


def test_the_library_sees_rgb() -> None:
    seen = []
    transform = Albumentations([dict(type='ToGray', p=1.0)])
    grey = transform(results())['img']
    # .299 R + .587 G + .114 B, with red 200, green 40 and blue 30 or 90
    seen = {int(value) for value in np.unique(grey)}
    assert seen == {round(0.299 * 200 + 0.587 * 40 + 0.114 * b) for b in (30, 90)}


def test_reproducible_from_the_seed() -> None:
    done = []
    for seed in (5, 5, 6):
        np.random.seed(seed)
        transform = Albumentations(GEOMETRIC)
        done.append([transform(results())['img'] for _ in range(4)])
    assert all(np.array_equal(a, b) for a, b in zip(done[0], done[1]))
    assert not all(np.array_equal(a, b) for a, b in zip(done[0], done[2]))


def test_can_be_sent_to_a_worker() -> None:
    transform = pickle.loads(pickle.dumps(Albumentations(GEOMETRIC)))
    assert transform(results())['img'].shape == (60, 90, 3)


def test_without_labels() -> None:
    sample = dict(img=results()['img'])
    done = Albumentations([dict(type='Transpose', p=1.0)])(sample)
    assert done['img_shape'] == (90, 60)


@pytest.mark.parametrize('step, message', [
    (dict(type='Rotat'), "no transform 'Rotat'"),
    (dict(p=1.0), 'no transform None'),
    (dict(type='Rotate', mask_interpolation=1), 'cannot be interpolated'),
])  # fmt: skip
def test_bad_transforms(step: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Albumentations([step])


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'albumentations', None)
    with pytest.raises(ConfigError, match='pip install albumentations==2.0.8'):
        Albumentations([])
