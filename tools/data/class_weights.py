"""Compute weights of the classes from the labels and write them for a config."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmseg_trash.class_balance import UNITS, write_balance
from mmseg_trash.cli import run
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.categories import UNKNOWN_RULES
from mmseg_trash.datasets.class_weighting import METHODS, balance_classes
from mmseg_trash.errors import DataError


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder of the data set')
    parser.add_argument('--ann-file', default='train.json', help='COCO JSON')
    parser.add_argument('--subset', default='', help='list of file names')
    parser.add_argument(
        '--method',
        choices=METHODS,
        default='median',
        help='1/n, median frequency over frequency (default), 1 over the effective '
        'number of samples, or 1 - n/N',
    )
    parser.add_argument(
        '--count',
        choices=UNITS,
        help='what n is; default: pixels, for effective numbers instances',
    )
    parser.add_argument(
        '--beta', type=float, help='of the effective number; default: 1 - 1/N'
    )
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='class names of your own'
    )
    parser.add_argument('--out', help='default: class_weights.json in data_root')
    args = parser.parse_args(argv)
    if args.count is None:
        args.count = 'instances' if args.method == 'effective' else 'pixels'
    if args.beta is not None and (args.method != 'effective' or not 0 <= args.beta < 1):
        parser.error('--beta lies in [0, 1) and belongs to --method effective')
    return args


def main(argv: list[str] | None = None) -> None:
    """Write the file and show what is in it."""
    args = parse_args(argv)
    metainfo = dict(classes=args.classes) if args.classes else None
    dataset = TrashDataset(
        args.ann_file,
        args.data_root,
        subset=args.subset,
        unknown=args.unknown,
        metainfo=metainfo,
    )
    if not dataset.has_labels:
        raise DataError(f'{dataset.ann_file} has no annotations to count')
    balance = balance_classes(
        dataset.metainfo['classes'],
        dataset.class_counts(),
        dataset.instance_index().label,
        dataset.label_rule.category.background,
        args.method,
        args.count,
        args.beta,
        ', '.join(filter(None, (args.ann_file, args.subset, f'{len(dataset)} images'))),
    )
    out = Path(args.out or Path(args.data_root) / 'class_weights.json')
    write_balance(balance, out)
    table = Table('class', args.count, 'weight', title=f'{args.method}: {out}')
    counts = balance.counts[args.count]
    for name, number, weight in zip(balance.classes, counts, balance.weights):
        note = '' if number else ' (none: as the rarest)'
        table.add_row(name, f'{number}{note}', f'{weight:.4f}')
    Console().print(table)


if __name__ == '__main__':
    run(main)
