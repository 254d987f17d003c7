"""Remove the cached label maps and decoded images; they are made again on demand."""

import argparse

from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.cache_folder import cache_folder, clear


def main(argv: list[str] | None = None) -> None:
    """Remove the caches and say how much that freed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--cache-dir',
        help='default: $MMSEG_TRASH_CACHE, or ~/.cache/mmseg_trash',
    )
    folder = cache_folder(parser.parse_args(argv).cache_dir)
    number, size = clear(folder)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f'{folder}: removed {number} files, {size / 2**20:.1f} MB')


if __name__ == '__main__':
    run(main)
