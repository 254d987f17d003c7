"""Both samplers: what they draw, over processes and through a resumed run."""

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import ClassBalancedDataset, InfiniteSampler
from mmengine.runner.loops import _InfiniteDataloaderIterator
from mmseg.registry import DATA_SAMPLERS
from torch.utils.data import DataLoader

from mmseg_trash.datasets import ClassAwareSampler, RepeatFactorSampler, TrashDataset
from mmseg_trash.datasets.samplers import endless_sampler
from mmseg_trash.datasets.samplers.repeat_factor_sampler import repeat_factors
from mmseg_trash.errors import ConfigError, DataError

KINDS = pytest.mark.parametrize('kind', [RepeatFactorSampler, ClassAwareSampler])
# Labels of the objects of each image; class 0 is everywhere.
SCENES = [[1]] * 60 + [[1, 1, 2]] * 30 + [[2, 4]] * 8 + [[9], [9, 9, 9]]


class Scenes:
    """A data set that knows nothing but its labels."""

    metainfo = dict(classes=tuple('abcdefghijk'))

    def __init__(self, scenes: list = SCENES) -> None:
        self.scenes = scenes

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> int:
        return index

    def get_cat_ids(self, index: int) -> list[int]:
        return sorted({0, *self.scenes[index]})

    def instance_index(self) -> Any:
        rows = [(k, c) for k, scene in enumerate(self.scenes) for c in scene]
        image, label = np.array(rows, np.int64).reshape(-1, 2).T
        return SimpleNamespace(image=image, label=label)


def test_factors_by_hand() -> None:
    present = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 0]], bool)
    factors = repeat_factors(present, 0.72)
    assert np.allclose(factors, [1, 1.2, 1.2, 1])
    assert repeat_factors(np.zeros((2, 3), bool), 0.5).tolist() == [1, 1]


@pytest.mark.parametrize('threshold', [0.05, 0.3, 1.0])
def test_factors_equal_mmengine(toy_root: Path, threshold: float) -> None:
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    balanced = ClassBalancedDataset(dataset, oversample_thr=threshold)
    expected = balanced._get_repeat_factors(dataset, threshold)
    sampler = RepeatFactorSampler(dataset, threshold, seed=0)
    assert np.allclose(sampler.factors, expected)
    assert len(balanced) == sum(np.ceil(expected))


def test_repeat_factor_shares() -> None:
    sampler = RepeatFactorSampler(Scenes(), threshold=0.2, seed=0)
    # .2 / .08 and .2 / .02; b and c are in more than a fifth
    assert np.allclose(sampler.factors[-10:], [2.5**0.5] * 8 + [10**0.5] * 2)
    generator = torch.Generator()
    generator.manual_seed(0)
    passes = [sampler.draw_pass(generator) for _ in range(400)]
    counts = np.bincount(np.concatenate(passes), minlength=100) / 400
    assert (counts[:90] == 1).all()
    assert np.abs(counts[90:98] - 2.5**0.5).max() < 0.1
    assert np.abs(counts[98:] - 10**0.5).max() < 0.1
    assert passes[0] != passes[1]
    assert all(set(one) == set(range(100)) for one in passes)


@pytest.mark.parametrize('power', [1.0, 0.5, 0.0])
def test_class_aware_shares(power: float) -> None:
    sampler = ClassAwareSampler(Scenes(), power, seed=1)
    drawn = np.array(list(islice(sampler, 40_000)))
    counts = np.bincount(drawn, minlength=100) / len(drawn)
    objects = {c: sum(s.count(c) for s in SCENES) for c in (1, 2, 4, 9)}
    weights = {c: n ** (1 - power) for c, n in objects.items()}
    total = sum(weights.values())
    expected = [sum(weights[c] / total / objects[c] for c in scene) for scene in SCENES]
    assert np.abs(counts - expected).max() < 0.012
    # three objects count three times
    assert abs(counts[99] / counts[98] - 3) < 0.3


def test_every_object_is_dealt_before_one_returns() -> None:
    sampler = ClassAwareSampler(Scenes([[3]] * 7), seed=0)
    first, second = (list(islice(sampler.indices, 7)) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(7))


@KINDS
def test_ranks_share_one_stream(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(islice(kind(Scenes(), seed=3), 600))
    for world in (2, 3):
        shares = []
        for rank in range(world):
            monkeypatch.setattr(
                endless_sampler, 'get_dist_info', lambda r=rank, w=world: (r, w)
            )
            shares.append(list(islice(kind(Scenes(), seed=3), 600 // world)))
            sampler = kind(Scenes(), seed=3)
            sampler.skip(70)
            assert list(islice(sampler, 50)) == shares[-1][70:120]
        dealt = [index for row in zip(*shares) for index in row]
        assert dealt == whole


@KINDS
def test_seed_and_skip(kind: type) -> None:
    whole = list(islice(kind(Scenes(), seed=3), 500))
    assert whole == list(islice(kind(Scenes(), seed=3), 500))
    assert whole != list(islice(kind(Scenes(), seed=4), 500))
    sampler = kind(Scenes(), seed=3)
    first = list(islice(iter(sampler), 10))
    assert first + list(islice(iter(sampler), 10)) == whole[:20]  # goes on
    for place in (0, 1, 99, 100, 101, 437):
        sampler.skip(place)  # counted from the beginning
        assert list(islice(sampler, 40)) == whole[place : place + 40]
    with pytest.raises(ValueError, match='got -1'):
        sampler.skip(-1)


@KINDS
def test_mmengines_loop_resumes_without_loading(kind: type) -> None:
    loads: list[int] = []

    class Counting(Scenes):
        def __getitem__(self, index: int) -> int:
            loads.append(index)
            return index

    def loader() -> DataLoader:
        dataset = Counting()
        return DataLoader(dataset, batch_size=8, sampler=kind(dataset, seed=5))

    batches = list(islice(_InfiniteDataloaderIterator(loader()), 60))
    loads.clear()
    resumed = _InfiniteDataloaderIterator(loader())
    resumed.skip_iter(50)
    assert not loads
    assert [b.tolist() for b in islice(resumed, 10)] == [
        b.tolist() for b in batches[50:]
    ]


@KINDS
def test_as_mmengine_builds_them(kind: type, toy_root: Path) -> None:
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    sampler = DATA_SAMPLERS.build(
        dict(type=kind.__name__), default_args=dict(dataset=dataset, seed=7)
    )
    stock = InfiniteSampler(dataset, seed=7)
    assert len(sampler) == len(stock) == 8
    assert set(islice(sampler, 200)) <= set(range(8))
    sampler.set_epoch(3)
    assert kind(dataset).seed is not None


def test_what_a_data_set_lacks_is_named() -> None:
    for kind in (RepeatFactorSampler, ClassAwareSampler):
        with pytest.raises(ConfigError, match='needs a data set with'):
            kind([1, 2], seed=0)
    with pytest.raises(DataError, match='no objects'):
        ClassAwareSampler(Scenes([[], []]), seed=0)
    for wrong in (0, 1.5):
        with pytest.raises(ValueError, match='got'):
            RepeatFactorSampler(Scenes(), threshold=wrong)
    with pytest.raises(ValueError, match='got shuffle=False'):
        RepeatFactorSampler(Scenes(), shuffle=False)
    with pytest.raises(ValueError, match='got'):
        ClassAwareSampler(Scenes(), power=2)
