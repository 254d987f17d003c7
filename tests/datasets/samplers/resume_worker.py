"""One process of several: writes the indices of a whole and of a resumed stream."""

import json
import os
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import torch.distributed
from mmengine.runner.loops import _InfiniteDataloaderIterator
from torch.utils.data import DataLoader

from mmseg_trash.datasets import ClassAwareSampler, RepeatFactorSampler, TrashDataset

BATCHES, SKIPPED = 30, 17
KINDS = (RepeatFactorSampler, ClassAwareSampler)


class Names:
    """A data set that gives indices and notes which ones were loaded."""

    def __init__(self, root: str) -> None:
        self.source = TrashDataset(data_root=root, pipeline=[])
        self.loads = 0
        self.metainfo = self.source.metainfo

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> int:
        self.loads += 1
        return index

    def get_cat_ids(self, index: int) -> list[int]:
        return self.source.get_cat_ids(index)

    def instance_index(self) -> Any:
        return self.source.instance_index()


def main(root: str, out: str, rank: int, world: int) -> None:
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{out}/meet', rank=rank, world_size=world
    )
    found = {}
    for kind in KINDS:
        data = Names(root)
        # without a seed: the processes agree on one
        first = DataLoader(data, batch_size=3, sampler=kind(data))
        seed = first.sampler.seed
        whole = [
            b.tolist() for b in islice(_InfiniteDataloaderIterator(first), BATCHES)
        ]
        data.loads = 0
        second = DataLoader(data, batch_size=3, sampler=kind(data, seed=seed))
        batches = _InfiniteDataloaderIterator(second)
        batches.skip_iter(SKIPPED)
        loads = data.loads
        resumed = [b.tolist() for b in islice(batches, BATCHES - SKIPPED)]
        found[kind.__name__] = dict(
            seed=seed, whole=whole, resumed=resumed, loads=loads
        )
    (Path(out) / f'{rank}.json').write_text(json.dumps(found))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    os._exit(0)  # threads of the stack may linger


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
