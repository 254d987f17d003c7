"""Split a data set into stratified folds: text files of file names for FOLD."""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.coco import load_coco, read_bytes
from mmseg_trash.datasets.folds import fold_lists, group_keys, make_folds
from mmseg_trash.datasets.group_file import read_groups
from mmseg_trash.errors import DataError
from mmseg_trash.fileio import atomic_write
from mmseg_trash.metainfo import CLASSES


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument('data_root', help='folder of the data set')
    parser.add_argument('--ann-file', default='train_all.json', help='COCO JSON')
    parser.add_argument('--folds', type=int, default=5, help='number of folds')
    parser.add_argument('--seed', type=int, default=42, help='seed of the assignment')
    parser.add_argument(
        '--groups', help='CSV file_name,group: images of a group stay together'
    )
    parser.add_argument(
        '--out', help='folder of the lists; default: folds/ in data_root'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the lists and show how the classes spread."""
    args = parse_args(argv)
    json_file = Path(args.data_root) / args.ann_file
    rule = CategoryRule(CLASSES, unknown='general_trash')
    coco = load_coco(read_bytes(json_file), rule, str(json_file))
    if coco.objects is None:
        raise DataError(f'{json_file} has no annotations to stratify by')
    names = [image.file_name for image in coco.images]
    presence = np.zeros((len(names), len(CLASSES)), np.int64)
    for row, objects in enumerate(coco.objects):
        for item in objects:
            presence[row, item.label] = 1
    keys = None
    if args.groups:
        keys = group_keys(names, read_groups(args.groups, names, str(json_file)))
    try:
        folds = make_folds(presence, args.folds, args.seed, keys)
    except ValueError as error:
        raise DataError(f'{json_file}: {error}') from None
    out = Path(args.out) if args.out else Path(args.data_root) / 'folds'
    try:
        for name, parts in fold_lists(names, folds).items():
            for part, listed in zip(('train', 'val'), parts):
                with atomic_write(out / f'{name}_{part}.txt') as path:
                    path.write_text('\n'.join(listed) + '\n', encoding='utf-8')
    except OSError as error:
        raise DataError(
            f'cannot write {out} ({error.strerror}); choose a folder with --out'
        ) from None
    chosen = [presence[folds == fold] for fold in range(args.folds)]
    columns = [f'fold {fold}' for fold in range(args.folds)]
    table = Table('class', *columns, title='Validation images')
    table.add_row('all', *(str(len(rows)) for rows in chosen))
    for label, name in enumerate(CLASSES[1:], 1):
        table.add_row(name, *(str(rows[:, label].sum()) for rows in chosen))
    Console().print(table)
    Console(soft_wrap=True).print(f'Wrote {2 * args.folds} lists to {out}')


if __name__ == '__main__':
    run(main)
