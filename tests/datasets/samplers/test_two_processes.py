"""Two gloo processes share one stream, and resume it without loading."""

import json
import subprocess
import sys
from itertools import chain, islice
from pathlib import Path

import pytest

from mmseg_trash.datasets import ClassAwareSampler, RepeatFactorSampler, TrashDataset

KINDS = (RepeatFactorSampler, ClassAwareSampler)


@pytest.fixture(scope='module')
def found(toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    out = tmp_path_factory.mktemp('ranks')
    worker = Path(__file__).with_name('resume_worker.py')
    words = [sys.executable, '-W', 'ignore', str(worker), str(toy_root), str(out)]
    processes = [subprocess.Popen([*words, str(rank), '2']) for rank in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    return [json.loads((out / f'{rank}.json').read_text()) for rank in range(2)]


@pytest.mark.parametrize('kind', KINDS)
def test_one_stream(kind: type, found: list[dict], toy_root: Path) -> None:
    ranks = [part[kind.__name__] for part in found]
    assert ranks[0]['seed'] == ranks[1]['seed']
    dataset = TrashDataset(data_root=str(toy_root), pipeline=[])
    sampler = kind(dataset, seed=ranks[0]['seed'])
    alone = list(islice(sampler, 180))
    shares = [list(chain.from_iterable(rank['whole'])) for rank in ranks]
    assert [index for pair in zip(*shares) for index in pair] == alone
    assert len(set(alone)) > 3 and shares[0] != shares[1]


@pytest.mark.parametrize('kind', KINDS)
def test_resumed(kind: type, found: list[dict]) -> None:
    for part in found:
        rank = part[kind.__name__]
        assert rank['loads'] == 0
        assert len(rank['resumed']) == 13 and rank['resumed'] == rank['whole'][17:]
