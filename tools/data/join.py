"""Make one data root out of several, to train on all of them."""

import argparse

from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES, CategoryRule
from mmseg_trash.datasets.join import LINKS, join_data_roots
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='The JSON files that all sources have are joined. Pixels without object '
        'stay background, whatever classes the other sources label.',
    )
    parser.add_argument('out', help='the new data root; must not exist yet')
    parser.add_argument(
        'sources',
        nargs='+',
        metavar='NAME=ROOT',
        help='a data root, and the name that its file names begin with',
    )
    parser.add_argument(
        '--link',
        choices=LINKS,
        default='hard',
        help='how photographs get there; hard (the default) copies where it cannot',
    )
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='CLASS', help='class names of your own'
    )
    args = parser.parse_args(argv)
    named: dict[str, str] = {}
    for source in args.sources:
        name, equals, root = source.partition('=')
        if not (name and equals and root):
            parser.error(f'a source is NAME=ROOT, got {source!r}')
        if name in named:
            parser.error(f'the name {name!r} stands for two sources')
        named[name] = root
    args.sources = named
    return args


def main(argv: list[str] | None = None) -> None:
    """Join, and say what was joined and what was left out."""
    args = parse_args(argv)
    usual = CLASSES_COHORT1 if args.unknown == 'class' else CLASSES
    rule = CategoryRule(tuple(args.classes or usual), args.unknown)
    joined = join_data_roots(args.sources, args.out, rule, args.link)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for file, counts in joined.counts.items():
        images, objects = (sum(numbers) for numbers in zip(*counts.values()))
        each = ', '.join(f'{name} {number[0]}' for name, number in counts.items())
        console.print(
            f'{args.out}/{file}: {images} images ({each}), {objects} annotations'
        )
    for file, names in joined.left_out.items():
        console.print(f'{file}: left out, {", ".join(names)} has none')


if __name__ == '__main__':
    run(main)
