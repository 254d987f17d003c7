"""Draw a toy data set of trash scenes in the competition's layout."""

import argparse

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.progress import TimeRemainingColumn as Remaining

from mmseg_trash.cli import run
from mmseg_trash.datasets.toy import ToyParams, make_toy


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument('out', help='data root to make, for example data/toy')
    parser.add_argument('--num-train', type=int, default=240, help='training images')
    parser.add_argument('--num-val', type=int, default=60, help='validation images')
    parser.add_argument('--num-test', type=int, default=40, help='test images')
    parser.add_argument('--size', type=int, default=512, help='side length in pixels')
    parser.add_argument('--seed', type=int, default=42, help='seed of everything')
    parser.add_argument('--workers', type=int, default=2, help='processes that draw')
    parser.add_argument(
        '--imbalance',
        type=float,
        default=0.35,
        help="1 for the competition's class frequencies, 0 for even ones",
    )
    parser.add_argument(
        '--kinds',
        type=int,
        help='kinds of object per class, the commonest ones; all 35 kinds by default',
    )
    args = parser.parse_args(argv)
    try:
        ToyParams(
            args.num_train,
            args.num_val,
            args.num_test,
            args.size,
            args.seed,
            args.imbalance,
            args.kinds,
        )
    except ValueError as error:
        parser.error(str(error))
    return args


def main(argv: list[str] | None = None) -> None:
    """Draw the data set and say where it is."""
    args = parse_args(argv)
    console = Console()
    columns = (
        TextColumn('Drawing toy scenes'),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task('draw', total=None)
        options = vars(args)
        jobs = args.num_train + args.num_val + args.num_test
        root = make_toy(
            options.pop('out'),
            **options,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, total=jobs, completed=jobs)
    console.print(f'Toy data set: {root}')


if __name__ == '__main__':
    run(main)
