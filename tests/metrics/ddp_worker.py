"""Evaluate saved samples on one rank of a gloo group: RANK WORLD_SIZE FOLDER."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator

from mmseg_trash.metrics import TrashIoUMetric


def main(rank: int, world_size: int, folder: Path) -> None:
    """Write what each metric says on this rank."""
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder / "rendezvous"}',
        rank=rank,
        world_size=world_size,
    )
    samples = torch.load(folder / 'samples.pt')
    dealt = list(DefaultSampler(samples, shuffle=False))
    result = {'dealt': dealt}
    for device in ('gpu', 'cpu'):
        for size in (1, 2):
            evaluator = Evaluator(TrashIoUMetric(size=4, collect_device=device))
            evaluator.dataset_meta = dict(classes=('Background', 'b', 'c'))
            for start in range(0, len(dealt), size):
                batch = [samples[index] for index in dealt[start : start + size]]
                evaluator.process(batch)
            result[f'{device} {size}'] = evaluator.evaluate(len(samples))
    (folder / f'rank{rank}.json').write_text(json.dumps(result))
    dist.destroy_process_group()


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
