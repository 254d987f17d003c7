"""Count every config's parameters and operations; write or check the zoo's tables."""

import argparse
from pathlib import Path

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    """Write the tables of all pages and the metafiles, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--check',
        action='store_true',
        help='write nothing; status 1 if a file is stale',
    )
    args = parser.parse_args(argv)
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.zoo import stale

    files = stale(ROOT)
    for file, text in files:
        print(f'{"stale" if args.check else "written"}: {file.relative_to(ROOT)}')
        if not args.check:
            with atomic_write(file) as temporary:
                temporary.write_text(text, encoding='utf-8')
    if not files:
        print('the tables are those of the configs')
    return int(args.check and bool(files))


if __name__ == '__main__':
    cli.run(main)
