"""List everything that is wrong with a data set: JSON, images and fold lists."""

import argparse
from collections import Counter

from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES, CategoryRule
from mmseg_trash.datasets.check import check_data_root
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder with train.json, val.json, ...')
    parser.add_argument(
        '--ann-file',
        nargs='+',
        default=[],
        metavar='JSON',
        help='files to check, relative to data_root; default: the usual ones',
    )
    parser.add_argument(
        '--img-path', default='', help='folder of the images, relative to data_root'
    )
    parser.add_argument(
        '--no-images', action='store_true', help='check JSON and lists alone'
    )
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='class names of your own'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Check, list the faults and return 1 when there are any."""
    args = parse_args(argv)
    usual = CLASSES_COHORT1 if args.unknown == 'class' else CLASSES
    rule = CategoryRule(tuple(args.classes or usual), args.unknown)
    faults = check_data_root(
        args.data_root, rule, args.ann_file, args.img_path, not args.no_images
    )
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for fault in faults:
        console.print(f'{fault.kind}: {fault}')
    if not faults:
        console.print(f'{args.data_root}: no faults')
        return 0
    kinds = Counter(fault.kind for fault in faults)
    summary = ', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))
    console.print(f'{args.data_root}: {len(faults)} faults: {summary}')
    return 1


if __name__ == '__main__':
    run(main)
