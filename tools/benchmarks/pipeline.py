"""Time the training pipeline against the stock one, per step and per core."""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from mmcv.transforms import BaseTransform, Compose
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run

ROOT = Path(__file__).parents[2]
STOCK = dict(
    LoadTrashImage='LoadImageFromFile',
    LoadLabelMap='LoadAnnotations',
    FastRandomCrop='RandomCrop',
    FastRandomFlip='RandomFlip',
    FastPhotoMetricDistortion='PhotoMetricDistortion',
    FastPackSegInputs='PackSegInputs',
)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--data-root', help='data set to read train.json of; default: toy data'
    )
    parser.add_argument('--number', type=int, default=40, help='images to measure')
    parser.add_argument('--repeats', type=int, default=5, help='least of so many')
    parser.add_argument(
        '--config',
        default=str(ROOT / 'configs/_base_/datasets/trash_512x512.py'),
        help='its train_pipeline is measured',
    )
    return parser.parse_args(argv)


def stock_of(step: dict) -> BaseTransform:
    """Build the stock transform, or transforms, that a step of ours stands for."""
    if step['type'] != 'FastResizeCrop':
        return TRANSFORMS.build(step | dict(type=STOCK.get(step['type'], step['type'])))
    crop = {k: step[k] for k in ('crop_size', 'cat_max_ratio') if k in step}
    resize = {k: step[k] for k in ('scale', 'ratio_range')}
    return Compose(
        [
            dict(type='RandomResize', keep_ratio=True, **resize),
            dict(type='RandomCrop', **crop),
        ]
    )


def main(argv: list[str] | None = None) -> None:
    """Print milliseconds per step, images per second per core, and the ratios."""
    args = parse_args(argv)
    import mmseg_trash.transforms  # noqa: F401
    from mmseg_trash.datasets import TrashDataset
    from mmseg_trash.datasets.toy import make_toy
    from mmseg_trash.transforms.step_timer import time_steps

    init_default_scope('mmseg')
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    steps = Config.fromfile(args.config).train_pipeline
    with tempfile.TemporaryDirectory() as folder:
        root = args.data_root
        if root is None:
            root = Path(folder, 'toy')
            make_toy(root, num_train=args.number, num_val=1, num_test=1, workers=2)
        options: dict[str, Any] = dict(
            data_root=str(root), pipeline=[], cache_dir=f'{folder}/cache'
        )
        plain, cached = (
            TrashDataset(**options),
            TrashDataset(**options, image_cache=True),
        )
        number = min(args.number, len(plain))
        for k in range(number):
            cv2.imwrite(f'{folder}/{k}.png', plain.label_map_of(k))

        def sample(dataset: TrashDataset, k: int) -> dict:
            stock = dict(seg_map_path=f'{folder}/{k}.png')
            ours = dict(dataset=dataset, sample_idx=k)
            return dict(dataset.get_data_info(k), **stock, **ours)

        stock = [stock_of(step) for step in steps]
        ours = [TRANSFORMS.build(step) for step in steps]
        names = ('stock', 'ours', 'ours, image cache')
        pipelines = dict(zip(names, (stock, ours, ours)))
        sources = (partial(sample, dataset) for dataset in (plain, plain, cached))
        times = time_steps(pipelines, dict(zip(names, sources)), number, args.repeats)
    table = Table('ms per image', *names)
    for step, *row in zip(steps, *times.values()):
        table.add_row(step['type'], *(f'{value:.2f}' for value in row))
    totals = [values.sum() for values in times.values()]
    table.add_section()
    table.add_row('all', *(f'{total:.2f}' for total in totals))
    table.add_row('images/s per core', *(f'{1000 / total:.0f}' for total in totals))
    table.add_row('ratio', *(f'{totals[0] / total:.2f}' for total in totals))
    Console().print(table)


if __name__ == '__main__':
    run(main)
