"""Look at the data: python tools/analysis/browse_dataset.py CONFIG"""

import argparse
import random
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('--split', choices=('train', 'val'), default='train')
    parser.add_argument('--num', type=int, default=16, help='how many images')
    parser.add_argument('--per-sheet', type=int, default=6, help='images on a sheet')
    parser.add_argument(
        '--out', default='work_dirs/browse', help='folder of the sheets'
    )
    parser.add_argument('--seed', type=int, default=42)
    parser.add_argument('--data-root', help='folder with the JSON files and the images')
    parser.add_argument('--fold', help='a fold of folds/')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    args = parser.parse_args(argv)
    for name in ('num', 'per_sheet'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    return args


def main(argv: list[str] | None = None) -> None:
    """Write contact sheets of images with labels before and after the pipeline."""
    args = parse_args(argv)
    import numpy as np

    from mmseg_trash.config import build_dataset, load_config
    from mmseg_trash.inference import rows
    from mmseg_trash.inference.contact_sheet import write_sheets
    from mmseg_trash.inference.submission import check_target
    from mmseg_trash.inference.visualize import class_entries
    from mmseg_trash.launch import quiet

    quiet()
    check_target(Path(args.out, 'sheet.png'))
    cfg = load_config(args.config, args.cfg_options, args.data_root, args.fold)
    dataset = build_dataset(cfg[f'{args.split}_dataloader'].dataset)
    random.seed(args.seed)
    np.random.seed(args.seed)
    picked = rows.pick(len(dataset), args.num, args.seed)
    drawn = (rows.browse_row(dataset, index) for index in picked)
    legends = [class_entries(*rows.names_and_colours(dataset))]
    out = Path(args.out, f'{args.split}.png')
    for path in write_sheets(
        drawn, rows.BROWSE_HEADINGS, legends, out, per_sheet=args.per_sheet
    ):
        print(path)


if __name__ == '__main__':
    cli.run(main)
