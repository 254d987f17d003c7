"""What the transforms that mix donors have in common."""

import copy
import os
import pickle

import mmseg.datasets  # noqa: F401
import numpy as np
import pytest
from mmcv.transforms.utils import cache_random_params
from mmseg.registry import TRANSFORMS

from mmseg_trash.errors import DataError
from mmseg_trash.transforms import ClassMix, CopyPaste, CutMix, Mosaic, ObjectBankPaste
from mmseg_trash.transforms.donor_pool import DonorPool
from mmseg_trash.transforms.live_weights import LiveWeights

ALL = tuple(range(1, 11))
ANY = pytest.mark.parametrize('config', [
    dict(type='ClassMix', prob=1.0, pool_size=3, refresh=2),
    dict(type='ClassMix', prob=1.0, background=True, pool_size=0),
    dict(type='CopyPaste', prob=1.0, classes=ALL, min_area=8, pool_size=3),
    dict(type='CopyPaste', prob=1.0, min_area=8, on='background', pool_size=0),
    dict(type='ObjectBankPaste', prob=1.0, classes=ALL, pool_size=3),
    dict(type='ObjectBankPaste', prob=1.0, classes=ALL, num_items=(1, 3), pool_size=0),
    dict(type='CutMix', prob=1.0, pool_size=3, refresh=2),
    dict(type='CutMix', prob=1.0, class_weights={'Battery': 5}, pool_size=0),
    dict(type='Mosaic', prob=1.0, scale=(1.0, 1.0), pool_size=3),
])  # fmt: skip


def sequence(transform, dataset, seed: int, number: int = 12) -> list[dict]:
    np.random.seed(seed)
    return [transform(dataset.results(k % len(dataset.samples))) for k in range(number)]


@ANY
def test_image_and_labels_stay_aligned_and_red_stays_red(config, dataset) -> None:
    changed = 0
    for k, mixed in enumerate(sequence(TRANSFORMS.build(config), dataset, 0, 100)):
        image, label = dataset.samples[k % 5]
        blue, _, red = np.moveaxis(mixed['img'], -1, 0)
        assert mixed['img'].shape == image.shape and mixed['img'].dtype == np.uint8
        assert (red == 200).all()
        # the objects are rectangles: resizing blends no other colour in, except that
        # a Mosaic enlarges small donors, edges included
        aligned = (blue == mixed['gt_seg_map'] * 10).mean()
        assert aligned == 1 or (config['type'] == 'Mosaic' and aligned > 0.8)
        assert set(np.unique(mixed['gt_seg_map'])) <= {*range(11), 255}
        changed += (mixed['gt_seg_map'] != label).any()
    assert changed > 50


@ANY
def test_sources_are_not_written_to(config, dataset) -> None:
    before = copy.deepcopy(dataset.samples)
    for _, mixed in zip(range(40), sequence(TRANSFORMS.build(config), dataset, 1, 40)):
        mixed['img'][:], mixed['gt_seg_map'][:] = 0, 0
    for (image, label), (old_image, old_label) in zip(dataset.samples, before):
        assert np.array_equal(image, old_image) and np.array_equal(label, old_label)


@ANY
def test_reproducible_from_the_seed(config, dataset) -> None:
    first, second, other = (
        sequence(TRANSFORMS.build(config), dataset, seed) for seed in (7, 7, 8)
    )
    for one, two in zip(first, second):
        assert np.array_equal(one['img'], two['img'])
        assert np.array_equal(one['gt_seg_map'], two['gt_seg_map'])
    assert any(not np.array_equal(a['img'], b['img']) for a, b in zip(first, other))


@ANY
def test_probability_zero_is_the_identity(config, dataset) -> None:
    transform = TRANSFORMS.build(dict(config, prob=0.0))
    state = np.random.get_state()[1].copy()
    results = dataset.results(1)
    mixed = transform(dict(results))
    assert mixed['img'] is results['img']
    assert mixed['gt_seg_map'] is results['gt_seg_map']
    assert np.array_equal(np.random.get_state()[1], state)
    assert dataset.loads == []


@ANY
def test_probability_is_met(config, dataset) -> None:
    transform = TRANSFORMS.build(dict(config, prob=0.3))
    np.random.seed(0)
    chosen = sum(
        transform(dataset.results(0))['img'] is not dataset.samples[0][0]
        for _ in range(400)
    )
    assert 90 < chosen < 150


@ANY
def test_missing_keys_are_named(config, dataset) -> None:
    for key in ('dataset', 'img', 'gt_seg_map'):
        results = dataset.results(1)
        del results[key]
        with pytest.raises(KeyError, match=f'{config["type"]} needs .*{key}'):
            TRANSFORMS.build(config)(results)


@ANY
def test_random_draws_can_be_cached(config, dataset) -> None:
    transform = TRANSFORMS.build(config)
    with cache_random_params(transform):
        one, two = (transform(dataset.results(1)) for _ in range(2))
    assert np.array_equal(one['img'], two['img'])


@ANY
def test_pool_stays_out_of_pickles_and_is_bound_to_data_set(config, dataset) -> None:
    transform = TRANSFORMS.build(config)
    empty = len(pickle.dumps(transform))
    sequence(transform, dataset, 0)
    assert len(pickle.dumps(transform)) == empty
    assert copy.deepcopy(transform)._holder._pool is None
    assert transform._holder._pool is not None
    pool = transform._holder._pool
    other = type(dataset)([(i.copy(), m.copy()) for i, m in dataset.samples])
    transform(other.results(0))
    assert transform._holder._pool is not pool
    assert other.loads


@ANY
def test_forked_process_starts_its_own_pool(config, dataset) -> None:
    transform = TRANSFORMS.build(config)
    sequence(transform, dataset, 0)
    parent = transform._holder._pool
    child = os.fork()
    if not child:
        np.random.seed(0)
        transform(dataset.results(1))
        os._exit(0 if transform._holder._pool is not parent else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    transform(dataset.results(1))
    assert transform._holder._pool is parent


def pasted_labels(transform, dataset) -> set[int]:
    """Return the foreground labels that ten samples without objects get."""
    labels = [transform(dataset.results(0))['gt_seg_map'] for _ in range(10)]
    return set(np.unique(labels).tolist()) - {0}


@pytest.mark.parametrize('pool_size', [0, 3])
@pytest.mark.parametrize('kind', [ClassMix, CopyPaste, CutMix, Mosaic, ObjectBankPaste])
def test_live_weights_choose_the_donors(kind, pool_size: int, dataset) -> None:
    transform = kind(1.0, pool_size=pool_size)
    transform.live_weights = LiveWeights(11)
    whole = kind in (CutMix, Mosaic)
    np.random.seed(0)
    for label, neighbours in ((9, {4, 9}), (6, {2, 3, 6, 10})):
        transform.live_weights.set(np.eye(11)[label])
        found = pasted_labels(transform, dataset)
        assert label in found
        assert found <= (neighbours if whole else {label})


def test_full_pool_decodes_one_donor_every_refresh_turns() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    np.random.seed(0)
    pool = DonorPool(make, size=4, refresh=3)
    seen = []
    for _ in range(4 + 300):
        pool.turn()
        seen.append(pool.draw())
    assert seen[:4] == [0, 1, 2, 3]
    assert len(made) == 4 + 100
    assert len(pool.donors) == 4
    assert len(set(seen)) > 90
    assert [DonorPool(make, 0, 1).draw() for _ in range(3)] == made[-3:]


@pytest.mark.parametrize('kind', [ClassMix, CopyPaste, CutMix, Mosaic, ObjectBankPaste])
@pytest.mark.parametrize('arguments', [
    dict(prob=1.1), dict(pool_size=-1), dict(refresh=0),
])  # fmt: skip
def test_bad_arguments(kind, arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        kind(**arguments)


@pytest.mark.parametrize(
    'transform', [ClassMix(1.0), CopyPaste(1.0), ObjectBankPaste(1.0)]
)
def test_data_set_without_donors(transform, dataset) -> None:
    empty = type(dataset)(dataset.samples[:1])
    with pytest.raises(DataError, match=type(transform).__name__):
        transform(empty.results(0))
