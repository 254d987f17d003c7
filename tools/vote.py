"""Hard voting over submission files: python tools/vote.py A.csv B.csv C.csv"""

import argparse

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('members', nargs='+', help='CSVs; ties go to the first')
    parser.add_argument('--weights', type=float, nargs='+', help='one for each member')
    parser.add_argument('--out', default='voted.csv', help='the CSV to write')
    parser.add_argument('--size', type=int, default=256, help='side of the label maps')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Vote and write."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.inference.submission import write_submission
    from mmseg_trash.inference.voting import vote_rows

    if args.weights and len(args.weights) != len(args.members):
        raise ConfigError(
            f'--weights: {len(args.weights)} for {len(args.members)} members'
        )
    for weight in args.weights or ():
        if not 0 < weight < float('inf'):
            raise ConfigError(f'--weights: expected positive numbers, got {weight}')
    if args.size < 1:
        raise ConfigError(f'--size: must be at least 1, got {args.size}')
    rows = vote_rows(args.members, args.weights, args.size)
    number = write_submission(rows, args.out, num_classes=256, size=args.size)
    print(f'{args.out}: {number} rows from {len(args.members)} members')


if __name__ == '__main__':
    cli.run(main)
