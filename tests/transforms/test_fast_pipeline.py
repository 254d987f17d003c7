"""Resizing, flipping and packing against the stock, alone and as a whole pipeline."""

import copy

import cv2
import mmseg.datasets  # noqa: F401 (registers the stock transforms)
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS

import mmseg_trash.transforms  # noqa: F401
from mmseg_trash.transforms.fast_resize import resize_label
from mmseg_trash.transforms.fast_resize_crop import resize_part


@pytest.fixture(autouse=True)
def _scope() -> None:
    init_default_scope('mmseg')


def sample(rng: np.random.Generator) -> dict:
    height, width = (int(n) for n in rng.integers(40, 130, 2))
    label = cv2.resize(
        rng.integers(0, 11, (4, 5), dtype=np.uint8),
        (width, height),
        interpolation=cv2.INTER_NEAREST,
    )
    return dict(
        img=rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        gt_seg_map=label,
        seg_fields=['gt_seg_map'],
        img_path='batch_01_vt/0002.jpg',
        ori_shape=(height, width),
        img_shape=(height, width),
    )


def run(pipeline: list[dict], results: dict, seed: int) -> dict:
    np.random.seed(seed)
    # the stock flip writes swapped labels into its input
    results = copy.deepcopy(results)
    for config in pipeline:
        results = TRANSFORMS.build(config)(results)
    return results


def test_labels_are_resized_as_by_opencv() -> None:
    rng = np.random.default_rng(0)
    for _ in range(400):
        height, width, new_height, new_width = (int(n) for n in rng.integers(1, 200, 4))
        label = rng.integers(0, 256, (height, width), dtype=np.uint8)
        expected = cv2.resize(
            label, (new_width, new_height), interpolation=cv2.INTER_NEAREST
        )
        assert np.array_equal(resize_label(label, new_width, new_height), expected)


@pytest.mark.parametrize('arguments', [
    dict(prob=0.5),
    dict(prob=0.9, direction=['horizontal', 'vertical', 'diagonal']),
    dict(prob=[0.2, 0.3], direction=['horizontal', 'vertical']),
    dict(prob=1.0, swap_seg_labels=[(1, 5), (2, 3)]),
])  # fmt: skip
def test_flip_equals_stock(arguments: dict) -> None:
    rng = np.random.default_rng(1)
    directions = set()
    for seed in range(40):
        results = sample(rng)
        expected = run([dict(type='RandomFlip', **arguments)], results, seed)
        state = np.random.get_state()[2]
        found = run([dict(type='FastRandomFlip', **arguments)], results, seed)
        assert np.random.get_state()[2] == state
        assert found.keys() == expected.keys()
        for key in ('img', 'gt_seg_map'):
            assert np.array_equal(found[key], expected[key])
            assert found[key].flags.c_contiguous
        assert found['flip'] == expected['flip']
        assert found['flip_direction'] == expected['flip_direction']
        directions.add(found['flip_direction'])
    assert len(directions) >= 2 or arguments['prob'] == 1.0


STOCK_RESIZE = dict(type='RandomResize', scale=(256, 64), ratio_range=(0.5, 2.0))
STOCK_CROP = dict(type='RandomCrop', crop_size=(64, 64), cat_max_ratio=0.3)
AFTER_STOCK = [dict(type='RandomFlip', prob=0.5), dict(type='PackSegInputs')]
AFTER_OURS = [dict(type='FastRandomFlip', prob=0.5), dict(type='FastPackSegInputs')]


@pytest.mark.parametrize('keep_ratio', [True, False])
@pytest.mark.parametrize('fused', [True, False])
def test_pipeline_equals_stock(keep_ratio: bool, fused: bool) -> None:
    rng = np.random.default_rng(2)
    resize = dict(STOCK_RESIZE, keep_ratio=keep_ratio)
    if fused:
        ours = [dict(resize, **dict(STOCK_CROP, type='FastResizeCrop'))]
    else:
        ours = [
            dict(resize, resize_type='FastResize'),
            dict(STOCK_CROP, type='FastRandomCrop'),
        ]
    for seed in range(80):
        results = sample(rng)
        expected = run([resize, STOCK_CROP, *AFTER_STOCK], results, seed)
        found = run([*ours, *AFTER_OURS], results, seed)
        if not fused:
            assert torch.equal(found['inputs'], expected['inputs'])
        # noise: every edge is as hard as can be
        difference = (found['inputs'].int() - expected['inputs'].int()).abs()
        assert difference.float().mean() < 0.6
        assert difference.max() <= 8
        assert found['inputs'].is_contiguous()
        found, expected = found['data_samples'], expected['data_samples']
        assert torch.equal(found.gt_sem_seg.data, expected.gt_sem_seg.data)
        assert found.gt_sem_seg.data.dtype == expected.gt_sem_seg.data.dtype
        assert found.metainfo == expected.metainfo


def test_part_of_a_smooth_image_is_resized_as_the_whole() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        height, width, new_height, new_width = (
            int(n) for n in rng.integers(20, 200, 4)
        )
        coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        y, x = (int(rng.integers(0, n)) for n in (new_height, new_width))
        box = (y, y + int(rng.integers(1, 90)), x, x + int(rng.integers(1, 90)))
        whole = cv2.resize(image, (new_width, new_height))
        expected = whole[box[0] : box[1], box[2] : box[3]].astype(int)
        found = resize_part(image, (new_width, new_height), box)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize('arguments', [
    dict(scale=(0, 5)), dict(ratio_range=(2.0, 1.0)), dict(ratio_range=(0, 1)),
])  # fmt: skip
def test_bad_arguments_of_resize_crop(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        TRANSFORMS.build(
            dict(type='FastResizeCrop', scale=(8, 8), crop_size=4) | arguments
        )


def test_packing_without_labels() -> None:
    results = sample(np.random.default_rng(3))
    del results['gt_seg_map']
    packed = run([dict(type='FastPackSegInputs')], results, 0)
    assert packed['inputs'].shape == (3, *results['img'].shape[:2])
    assert 'gt_sem_seg' not in packed['data_samples']
