"""Everything once, in minutes on a CPU: data, training, figures, submission, pictures.

make demo                      draws toy data first
make demo DATA_ROOT=folder     uses photographs of yours (train.json, val.json, ...)
"""

import argparse
import runpy
import time
from pathlib import Path

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[1]
CONFIG = (
    'configs/segformer/segformer_mit-b0-scratch_1xb8-classmix-iouce-1k_toy-128x128.py'
)
WORK_DIR = 'work_dirs/demo'
TOY = 'work_dirs/toy_data'


def step(title: str, tool: str, *arguments: str) -> None:
    """Say what comes, then run a tool in this process."""
    shown = ' '.join(arguments)
    print(f'\n== {title}\n$ python tools/{tool} {shown}\n', flush=True)
    main = runpy.run_path(str(ROOT / 'tools' / tool))['main']
    if main(list(arguments)):
        raise SystemExit(1)


def main(argv: list[str] | None = None) -> None:
    """Run the whole chain and end with what was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data-root', help='folder with train.json, val.json, images')
    parser.add_argument('--work-dir', default=WORK_DIR)
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--debug', action='store_true', help='20 iterations only')
    args = parser.parse_args(argv)
    from mmseg_trash.demo import newest_checkpoint, summary, test_file

    start = time.monotonic()
    work_dir = Path(args.work_dir)
    if args.data_root is None:
        root = TOY
        step('Draw toy data', 'data/make_toy.py', root, '--kinds', '1')
    else:
        root = args.data_root
        work_dir = work_dir.with_name(f'{work_dir.name}_{Path(root).resolve().name}')
    data = ('--data-root', root)
    step('Check the data', 'data/check.py', root)
    step(
        'Look at the data, before and after the pipeline',
        'analysis/browse_dataset.py',
        args.config,
        *data,
        '--out',
        str(work_dir / 'browse'),
    )
    debug = ('--debug',) if args.debug else ()
    step('Train', 'train.py', args.config, *data, '--work-dir', str(work_dir), *debug)
    checkpoint = newest_checkpoint(work_dir)
    metrics = work_dir / 'metrics.json'
    run = (args.config, str(checkpoint), *data)
    step(
        'Evaluate', 'test.py', *run, '--work-dir', str(work_dir), '--out', str(metrics)
    )
    submission = work_dir / 'submission.csv'
    images = test_file(root)
    step(
        'Predict the test images',
        'submit.py',
        *run,
        '--ann-file',
        images,
        '--out',
        str(submission),
    )
    step(
        'Validate the submission',
        'validate_submission.py',
        str(submission),
        str(Path(root) / images),
    )
    step(
        'Draw predictions',
        'analysis/show_predictions.py',
        *run,
        '--out',
        str(work_dir / 'predictions'),
    )
    curves = work_dir / 'curves.png'
    step(
        'Draw the curves',
        'analysis/plot_curves.py',
        str(work_dir),
        '--out',
        str(curves),
    )
    print(summary(work_dir, metrics, time.monotonic() - start))


if __name__ == '__main__':
    cli.run(main)
