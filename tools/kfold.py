"""Train and evaluate every fold: python tools/kfold.py CONFIG --folds 5

The lists come from tools/data/make_folds.py. Call it again after an interruption:
finished folds are kept, the one that was cut off goes on from its last checkpoint.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli

DEVICES = 'runs at a time, or a device for each: 0,1,cpu; default: one run'


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='a file of configs/')
    parser.add_argument('--folds', type=int, default=5, help='their number; default: 5')
    parser.add_argument('--only', type=int, nargs='+', help='these folds alone')
    parser.add_argument('--devices', help=DEVICES)
    parser.add_argument('--data-root', help='folder with train_all.json and folds/')
    parser.add_argument('--work-dir', help='default: work_dirs/<config>_kfold')
    parser.add_argument('--seed', type=int, default=42, help='default: 42')
    parser.add_argument('--from-scratch', action='store_true')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--checkpoint',
        choices=('last', 'best'),
        default='last',
        help='which one is evaluated; "best" was chosen by the fold that scores it',
    )
    parser.add_argument(
        '--no-labels', action='store_true', help='keep no predicted label maps'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run the folds and join their out-of-fold predictions."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.experiments.console import calm
    from mmseg_trash.experiments.job import Job, Result
    from mmseg_trash.experiments.kfold import (
        class_table,
        fold_table,
        run_folds,
        write_out_of_fold,
    )
    from mmseg_trash.experiments.run_jobs import read_devices

    calm()
    if args.folds < 2:
        raise ConfigError(f'--folds must be at least 2, got {args.folds}')
    folds = range(args.folds) if args.only is None else args.only
    wrong = [fold for fold in folds if not 0 <= fold < args.folds]
    if wrong:
        raise ConfigError(f'--only {wrong[0]}: folds are 0 to {args.folds - 1}')
    folder = Path(args.work_dir or f'work_dirs/{Path(args.config).stem}_kfold')
    job = Job(
        args.config,
        str(folder),
        seed=args.seed,
        data_root=args.data_root,
        options=dict(args.cfg_options or {}),
        from_scratch=args.from_scratch,
        amp=args.amp,
        checkpoint=args.checkpoint,
        save_labels=not args.no_labels,
    )

    def report(result: Result) -> None:
        score = result.records.metrics()['mIoU']
        print(f'fold {result.job.fold}: mIoU {score:.2f} %', flush=True)

    results = run_folds(job, folds, args.devices and read_devices(args.devices), report)
    joined = write_out_of_fold(results, folder)
    print(f'\n{fold_table(results, joined)}\n\n{class_table(joined)}\n')
    print(f'{folder}/oof.md, oof_metrics.json, oof_records.npz, fold*/labels/')


if __name__ == '__main__':
    cli.run(main)
