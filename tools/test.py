"""Evaluate a checkpoint: python tools/test.py CONFIG CHECKPOINT"""

import argparse
import os

from mmengine.config import DictAction

from mmseg_trash import cli, named_model


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    named_model.add_model(parser)
    parser.add_argument('--data-root', help='folder with val.json and the images')
    parser.add_argument('--fold', help='evaluate on this fold of folds/')
    parser.add_argument('--work-dir', help='where the log goes')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument('--out', help='write the figures to this .json file')
    parser.add_argument(
        '--allow-pseudo',
        action='store_true',
        help='score images that the model was trained on with pseudo labels',
    )
    parser.add_argument('--show-dir', help='draw truth and prediction into this folder')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = named_model.parse(parser, argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def main(argv: list[str] | None = None) -> None:
    """Build the Runner of a config and evaluate a checkpoint."""
    args = parse_args(argv)
    from mmseg_trash.config import load_config, without_pretrained
    from mmseg_trash.evaluate import evaluate, use_tta, write_metrics
    from mmseg_trash.launch import prepare_distributed, prepare_work_dir, quiet

    quiet()
    cfg = load_config(args.config, args.cfg_options, args.data_root, args.fold)
    without_pretrained(cfg)
    prepare_work_dir(cfg, args.config, args.work_dir)
    cfg.launcher = args.launcher
    if args.tta:
        use_tta(cfg)
    if args.show_dir:
        cfg.default_hooks.visualization.update(draw=True)
        cfg.visualizer.update(save_dir=args.show_dir)
    if args.allow_pseudo:
        hook = dict(type='TrainedImagesHook', allow_pseudo=True)
        cfg.default_hooks.trained_images = hook
    prepare_distributed(cfg, args.launcher)
    metrics = evaluate(cfg, args.checkpoint, trusted=args.trust_checkpoint)
    if args.out:
        write_metrics(metrics, args.out)


if __name__ == '__main__':
    cli.run(main)
