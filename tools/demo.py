"""Everything once, in minutes on a CPU: data, training, figures, submission, pictures.

make demo                      photographs of trash that ship with the project
make demo DATA_ROOT=folder     photographs of yours (train.json, val.json, ...)
make demo TOY=1                drawn scenes, from scratch
"""

import argparse
import runpy
import time
from pathlib import Path

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[1]
CONFIG = (
    'configs/smpfpn/smpfpn_efficientnet-lite0_1xb8-iouce-rarecrop-0.6k_demo-224x224.py'
)
PHOTOGRAPHS = 'tools/demo_data'
# Single objects on a board are learnt in two thirds of the config's iterations.
SHORTER = (
    *('--cfg-options', 'train_cfg.max_iters=400', 'train_cfg.val_interval=200'),
    'param_scheduler.1.end=400',
)
TOY_CONFIG = (
    'configs/segformer/segformer_mit-b0-scratch_1xb8-classmix-iouce-1k_toy-128x128.py'
)
TOY = 'work_dirs/toy_data'
WORK_DIR = 'work_dirs/demo'


def step(title: str, tool: str, *arguments: str) -> None:
    """Say what comes, then run a tool in this process."""
    shown = ' '.join(arguments)
    print(f'\n== {title}\n$ python tools/{tool} {shown}\n', flush=True)
    main = runpy.run_path(str(ROOT / 'tools' / tool))['main']
    if main(list(arguments)):
        raise SystemExit(1)


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = parser.add_mutually_exclusive_group()
    data.add_argument('--data-root', help='folder with train.json, val.json, images')
    data.add_argument('--toy', action='store_true', help='drawn scenes')
    parser.add_argument('--work-dir', default=WORK_DIR)
    parser.add_argument('--config', help=f'default: {CONFIG}')
    parser.add_argument('--debug', action='store_true', help='20 iterations only')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run the whole chain and end with what was made."""
    args = parse_args(argv)
    from mmseg_trash.demo import best_checkpoint, has_labels, summary, test_file

    start = time.monotonic()
    config = args.config or (TOY_CONFIG if args.toy else CONFIG)
    root = TOY if args.toy else args.data_root or PHOTOGRAPHS
    work_dir = Path(args.work_dir)
    if args.toy or args.data_root:
        name = 'toy' if args.toy else Path(root).resolve().name
        work_dir = work_dir.with_name(f'{work_dir.name}_{name}')
    data = ('--data-root', root)
    if args.toy:
        step('Draw toy data', 'data/make_toy.py', root, '--kinds', '1')
    step('Check the data', 'data/check.py', root)
    step(
        'Look at the data, before and after the pipeline',
        'analysis/browse_dataset.py',
        *(config, *data, '--out', str(work_dir / 'browse')),
    )
    more: tuple[str, ...] = ('--debug',) if args.debug else ()
    if not (args.toy or args.data_root or args.config):
        more += SHORTER
    step('Train', 'train.py', config, *data, '--work-dir', str(work_dir), *more)
    run = (config, str(best_checkpoint(work_dir)), *data)
    images = test_file(root)
    annotated = images if has_labels(Path(root) / images) else 'val.json'
    held_out = ('--cfg-options', f'test_dataloader.dataset.ann_file={annotated}')
    metrics = work_dir / 'metrics.json'
    step(
        f'Evaluate on {annotated}',
        'test.py',
        *(*run, '--work-dir', str(work_dir), '--out', str(metrics), *held_out),
    )
    submission = str(work_dir / 'submission.csv')
    step(
        'Predict the test images',
        'submit.py',
        *(*run, '--ann-file', images, '--out', submission),
    )
    step(
        'Validate the submission',
        'validate_submission.py',
        *(submission, str(Path(root) / images)),
    )
    shown = f'val_dataloader.dataset.ann_file={annotated}'
    step(
        'Draw predictions',
        'analysis/show_predictions.py',
        *(*run, '--out', str(work_dir / 'predictions'), '--cfg-options', shown),
    )
    curves = str(work_dir / 'curves.png')
    step('Draw the curves', 'analysis/plot_curves.py', str(work_dir), '--out', curves)
    report = str(work_dir / 'report')
    step('Report on the data', 'analysis/report.py', root, '--out', report)
    print(summary(work_dir, config, root, metrics, annotated, time.monotonic() - start))


if __name__ == '__main__':
    cli.run(main)
