"""Train a config: python tools/train.py configs/segformer/....py"""

import argparse
import os
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='a file of configs/, or one that a run dumped')
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    parser.add_argument('--data-root', help='folder with train.json and the images')
    parser.add_argument('--fold', help='train on this fold of folds/ (0, 1, ...)')
    parser.add_argument('--seed', type=int, default=42, help='default: 42')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint; no value: from the newest in the work_dir',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--from-scratch', action='store_true', help='do not load pretrained weights'
    )
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='allow pickled objects in the checkpoints that it starts from',
    )
    parser.add_argument(
        '--debug', action='store_true', help='a two-minute run of the same config'
    )
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the rate by the batch size'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def main(argv: list[str] | None = None) -> None:
    """Build the Runner of a config and train."""
    args = parse_args(argv)
    from mmseg_trash.config import load_config
    from mmseg_trash.launch import (
        prepare_distributed,
        prepare_resume,
        prepare_work_dir,
        quiet,
        run_training,
        shorten,
        use_amp,
    )

    quiet()
    cfg = load_config(
        args.config, args.cfg_options, args.data_root, args.fold, args.from_scratch
    )
    prepare_work_dir(cfg, str(Path(args.config)), args.work_dir)
    cfg.launcher = args.launcher
    cfg.randomness = {**cfg.get('randomness', {}), 'seed': args.seed}
    if args.auto_scale_lr:
        cfg.auto_scale_lr.enable = True
    if args.amp:
        use_amp(cfg)
    if args.debug:
        shorten(cfg)
    prepare_resume(cfg, args.resume)
    prepare_distributed(cfg, args.launcher)
    run_training(cfg, args.trust_checkpoint)


if __name__ == '__main__':
    cli.run(main)
