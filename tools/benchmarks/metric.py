"""Time stock IoUMetric against TrashIoUMetric, per image, in one interleaved run."""

import argparse
import statistics
import time

import torch
from mmengine.evaluator import BaseMetric
from mmseg.evaluation import IoUMetric

from mmseg_trash.cli import run
from mmseg_trash.metainfo import IGNORE_INDEX, METAINFO, NUM_CLASSES
from mmseg_trash.metrics import TrashIoUMetric


def draw_sample(side: int, seed: int) -> dict:
    """Draw a truth of blocks with an ignored border, and a prediction near it."""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.randint(NUM_CLASSES, (16, 16), generator=generator)
    zoom = torch.arange(side) * 16 // side
    label = blocks[zoom[:, None], zoom]
    pred = label.roll((side // 60, side // 60), (0, 1)).contiguous()
    label[: side // 32] = IGNORE_INDEX
    return {
        'pred_sem_seg': {'data': pred[None]},
        'gt_sem_seg': {'data': label[None]},
        'img_path': f'{seed}.jpg',
    }


def main(argv: list[str] | None = None) -> None:
    """Print milliseconds per image and how many times faster than stock each row is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--side', type=int, default=512, help='side of the images')
    parser.add_argument('--images', type=int, default=60, help='images per metric')
    parser.add_argument('--threads', type=int, default=1, help='threads of torch')
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)

    metrics: dict[str, BaseMetric] = {
        'stock IoUMetric': IoUMetric(prefix='stock'),
        'TrashIoUMetric, full size': TrashIoUMetric(size=None, prefix='full'),
        'TrashIoUMetric, full size and 256': TrashIoUMetric(prefix='both'),
    }
    times: dict[str, list[float]] = {name: [] for name in metrics}
    for metric in metrics.values():
        metric.dataset_meta = METAINFO
    samples = [draw_sample(args.side, seed) for seed in range(8)]
    for index in range(args.images):
        for name, metric in metrics.items():
            start = time.perf_counter()
            metric.process({}, [samples[index % len(samples)]])
            times[name].append(1e3 * (time.perf_counter() - start))
    print(
        f'{args.images} images of {args.side}x{args.side}, int64 maps on the CPU, '
        f'{args.threads} thread(s); ms per image and how many times faster than stock'
    )
    for name, values in times.items():
        cells = []
        # The median suffers from whatever else runs here, the lowest time hardly does.
        for what, reduce in (('lowest', min), ('median', statistics.median)):
            ratio = reduce(times['stock IoUMetric']) / reduce(values)
            cells.append(f'{what} {reduce(values):7.2f} ms {ratio:5.1f}x')
        print(f'{name:36}', *cells, sep='   ')


if __name__ == '__main__':
    run(main)
