"""Time mixing and distortion as shares of the training pipeline."""

import argparse
import tempfile
from pathlib import Path

import cv2
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run

ROOT = Path(__file__).parents[2]
MIXES: dict[str, dict] = {
    'ClassMix': dict(type='ClassMix'),
    'CopyPaste': dict(type='CopyPaste'),
    'CopyPaste, feathered': dict(type='CopyPaste', feather=1.5, on='background'),
    'ClassMix, no pool': dict(type='ClassMix', pool_size=0),
    'CopyPaste, no pool': dict(type='CopyPaste', pool_size=0),
    'ObjectBankPaste': dict(type='ObjectBankPaste'),
    'CutMix': dict(type='CutMix'),
    'Mosaic': dict(type='Mosaic'),
}
# These stand behind the augmentation, on the crop.
DISTORTIONS: dict[str, dict] = {
    'AugMix': dict(type='AugMix'),
    'RandomRotate90': dict(type='RandomRotate90'),
    'GridDistortion': dict(type='GridDistortion'),
    'ElasticDistortion': dict(type='ElasticDistortion'),
}


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--data-root', help='data set to read train.json of; default: toy data'
    )
    parser.add_argument('--number', type=int, default=100, help='images to measure')
    parser.add_argument(
        '--config',
        default=str(ROOT / 'configs/_base_/datasets/trash_512x512.py'),
        help='its train_pipeline is measured',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Print milliseconds per image at probability 1, and shares of the pipeline."""
    args = parse_args(argv)
    import mmseg_trash.transforms  # noqa: F401
    from mmseg_trash.datasets import TrashDataset
    from mmseg_trash.datasets.toy import make_toy
    from mmseg_trash.transforms.step_timer import time_steps

    init_default_scope('mmseg')
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    config = Config.fromfile(args.config)
    build = TRANSFORMS.build
    load = [build(step) for step in config.load_pipeline]
    augment = [build(step) for step in config.augment_pipeline]
    pack = [build(step) for step in config.pack_pipeline]
    rest = [*augment, *pack]
    with tempfile.TemporaryDirectory() as folder:
        root = args.data_root
        if root is None:
            root = Path(folder, 'toy')
            make_toy(root, num_train=args.number, num_val=1, num_test=1, workers=2)
        dataset = TrashDataset(
            data_root=str(root), pipeline=[], cache_dir=str(Path(folder, 'cache'))
        )

        def sample(k: int) -> dict:
            index = k % len(dataset)
            return dataset.get_data_info(index) | dict(
                dataset=dataset, sample_idx=index
            )

        pipelines = {'none': [*load, *rest]}
        for name, mix in MIXES.items():
            step = build(dict(mix, prob=1.0))
            pipelines[name] = [*load, step, *rest]
            for k in range(100):
                # fill the pool: what counts is the long run
                step(pipelines['none'][1](pipelines['none'][0](sample(k))))
        for name, distortion in DISTORTIONS.items():
            step = build(dict(distortion, prob=1.0))
            pipelines[name] = [*load, *augment, step, *pack]
        first = config.augment_pipeline[0]
        if first.type == 'FastResizeCrop':
            crop = build(dict(first, type='RareClassCrop', foreground_prob=1.0))
            own = 'RareClassCrop, resizing included'
            pipelines[own] = [*load, crop, *augment[1:], *pack]
        # one pass: in a second one other samples would decode a donor
        sources = dict.fromkeys(pipelines, sample)
        times = time_steps(pipelines, sources, args.number, repeats=1)
    whole = times.pop('none').sum()
    table = Table('prob=1', 'ms per image', 'share of the pipeline')
    table.add_row('pipeline without mixing', f'{whole:.2f}', '')
    for name, values in times.items():
        place = len(load) + (len(augment) if name in DISTORTIONS else 0)
        own = values[place]
        table.add_row(name, f'{own:.2f}', f'{own / whole:.1%}')
    Console().print(table)


if __name__ == '__main__':
    run(main)
