"""Show how many images, objects and pixels of each class a data set has."""

import argparse

from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.statistics import class_statistics


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder of the data set')
    parser.add_argument('--ann-file', default='train.json', help='COCO JSON')
    parser.add_argument('--subset', default='', help='list of file names')
    args = parser.parse_args(argv)
    dataset = TrashDataset(args.ann_file, args.data_root, subset=args.subset)
    numbers = class_statistics(dataset.class_counts(), dataset.instance_index().label)
    table = Table(
        'class', 'images', 'objects', 'pixels %', title=f'{len(dataset)} images'
    )
    total = max(int(numbers.pixels.sum()), 1)
    for name, images, objects, pixels in zip(dataset.metainfo['classes'], *numbers):
        share = f'{pixels / total * 100:.3f}'
        table.add_row(name, str(images), str(objects), share)
    Console().print(table)


if __name__ == '__main__':
    run(main)
