"""Make a smaller copy of a data set: photographs resized, annotations with them."""

import argparse

from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.shrink import shrink_data_root


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train.json, val.json, ...')
    parser.add_argument('out', help='the new data root; must not exist yet')
    parser.add_argument(
        '--long-side', type=int, default=384, help='longest side in pixels'
    )
    parser.add_argument('--quality', type=int, default=80, help='JPEG quality, 1 to 95')
    parser.add_argument(
        '--ann-file',
        nargs='+',
        default=[],
        metavar='JSON',
        help='files to take, relative to data_root; none: the usual ones',
    )
    args = parser.parse_args(argv)
    if args.long_side < 1:
        parser.error(f'--long-side must be at least 1, got {args.long_side}')
    if not 1 <= args.quality <= 95:
        parser.error(f'--quality must be 1 to 95, got {args.quality}')
    return args


def main(argv: list[str] | None = None) -> None:
    """Shrink, and say what was written."""
    args = parse_args(argv)
    counts = shrink_data_root(
        args.data_root, args.out, args.long_side, args.quality, args.ann_file
    )
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for name, (images, objects) in counts.items():
        console.print(f'{args.out}/{name}: {images} images, {objects} annotations')


if __name__ == '__main__':
    run(main)
