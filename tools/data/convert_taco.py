"""Turn TACO's official annotations (60 categories) into our classes."""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.coco import parse_json, read_bytes
from mmseg_trash.datasets.folds import make_folds
from mmseg_trash.datasets.taco import convert_taco, take_images
from mmseg_trash.errors import DataError
from mmseg_trash.fileio import atomic_write
from mmseg_trash.metainfo import NUM_CLASSES


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('annotations', help="TACO's annotations.json")
    parser.add_argument('out', help='data root to write train_all.json into')
    parser.add_argument(
        '--split',
        type=int,
        metavar='K',
        help='also write val.json, a K-th of the images, and train.json, the rest',
    )
    parser.add_argument('--seed', type=int, default=42, help='seed of the split')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Convert, write, and say what was repaired."""
    args = parse_args(argv)
    file = str(args.annotations)
    coco, repairs = convert_taco(parse_json(read_bytes(file), file), file)
    files = {'train_all.json': coco}
    if args.split is not None:
        row_of = {image['id']: row for row, image in enumerate(coco['images'])}
        presence = np.zeros((len(row_of), NUM_CLASSES), bool)
        for entry in coco['annotations']:
            presence[row_of[entry['image_id']], entry['category_id']] = True
        try:
            folds = make_folds(presence, args.split, args.seed)
        except ValueError as error:
            raise DataError(f'--split: {error}') from None
        files['train.json'] = take_images(coco, np.flatnonzero(folds != 0).tolist())
        files['val.json'] = take_images(coco, np.flatnonzero(folds == 0).tolist())
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in repairs:
        console.print(line)
    for name, content in files.items():
        with atomic_write(Path(args.out) / name) as path:
            path.write_text(json.dumps(content), encoding='utf-8')
        images, objects = len(content['images']), len(content['annotations'])
        console.print(
            f'{Path(args.out) / name}: {images} images, {objects} annotations'
        )


if __name__ == '__main__':
    run(main)
