"""Look at predictions: python tools/analysis/show_predictions.py CONFIG CHECKPOINT"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli, named_model


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    named_model.add_model(parser)
    parser.add_argument('--num', type=int, default=16, help='how many images')
    parser.add_argument('--worst', action='store_true', help='those of lowest mIoU')
    parser.add_argument('--per-sheet', type=int, default=6, help='images on a sheet')
    parser.add_argument(
        '--out', default='work_dirs/predictions', help='folder of the sheets'
    )
    parser.add_argument('--seed', type=int, default=42)
    parser.add_argument('--data-root', help='folder with val.json and the images')
    parser.add_argument('--fold', help='a fold of folds/')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    args = named_model.parse(parser, argv)
    for name in ('num', 'per_sheet'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    return args


def main(argv: list[str] | None = None) -> None:
    """Write sheets of validation images, their truth, prediction and errors."""
    args = parse_args(argv)
    from mmseg_trash.config import load_config
    from mmseg_trash.inference import rows
    from mmseg_trash.inference.contact_sheet import write_sheets
    from mmseg_trash.inference.predictor import Predictor
    from mmseg_trash.inference.submission import check_target
    from mmseg_trash.inference.visualize import ERRORS, class_entries
    from mmseg_trash.launch import quiet

    quiet()
    out = Path(args.out, 'predictions.png')
    check_target(out)
    cfg = load_config(
        args.config, args.cfg_options, args.data_root, args.fold, from_scratch=True
    )
    predictor = Predictor(
        cfg, args.checkpoint, args.device, args.tta, trusted=args.trust_checkpoint
    )
    dataset = predictor.dataset(cfg.val_dataloader.dataset)
    drawn = rows.prediction_rows(predictor, dataset, args.num, args.seed, args.worst)
    legends = [class_entries(*rows.names_and_colours(dataset)), list(ERRORS.items())]
    for path in write_sheets(
        drawn, rows.PREDICTION_HEADINGS, legends, out, per_sheet=args.per_sheet
    ):
        print(path)


if __name__ == '__main__':
    cli.run(main)
