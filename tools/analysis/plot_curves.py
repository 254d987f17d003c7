"""Plot losses and metrics: python tools/analysis/plot_curves.py WORK_DIR..."""

import argparse
from pathlib import Path

from mmseg_trash import cli
from mmseg_trash.inference.curves import find_scalars, plot_curves, read_scalars


def main(argv: list[str] | None = None) -> None:
    """Plot the newest run of each folder into one picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('log_dir', nargs='+', help='work_dir of a run')
    parser.add_argument('--out', help='the PNG; default curves.png in the first folder')
    args = parser.parse_args(argv)
    runs = {}
    for folder in args.log_dir:
        name = Path(folder).resolve().name
        runs[name if name not in runs else folder] = read_scalars(find_scalars(folder))
    first = Path(args.log_dir[0])
    out = args.out or (first if first.is_dir() else first.parent) / 'curves.png'
    plot_curves(runs, out)
    print(out)


if __name__ == '__main__':
    cli.run(main)
