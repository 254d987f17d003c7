"""Compare a config with changes of it: tools/ablate.py BASE --with iouce --with cutmix

Every arm trains with every seed on the same data in the same order. Call it again
after an interruption: finished runs are kept, the one that was cut off goes on. The
report has means, spreads, paired tests, classes and curves.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli

DEVICES = 'runs at a time, or a device for each: 0,1,cpu; default: one run'
ROOT = Path(__file__).resolve().parents[1]


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('base', help='a file of configs/')
    parser.add_argument(
        '--with', dest='tags', action='append', required=True, metavar='TAG',
        help='a tag of configs/README.md, or "scratch" for no pretrained weights; '
        'once for each arm',
    )  # fmt: skip
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0, 1, 2], help='default: 0 1 2'
    )
    parser.add_argument('--devices', help=DEVICES)
    parser.add_argument('--data-root', help='folder with train.json and the images')
    parser.add_argument('--data-name', help='how the report calls the data')
    parser.add_argument('--fold', type=int, help='train and evaluate on this fold')
    parser.add_argument('--work-dir', help='default: work_dirs/<config>_ablation')
    parser.add_argument('--from-scratch', action='store_true')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--allow-many', action='store_true', help='arms that change several things'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides for every arm'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run what is missing and write the report."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.experiments.ablation import make_arms, run_arms
    from mmseg_trash.experiments.ablation_report import write_report
    from mmseg_trash.experiments.console import calm
    from mmseg_trash.experiments.job import Job
    from mmseg_trash.experiments.run_jobs import read_devices

    calm()
    if len(set(args.seeds)) != len(args.seeds):
        raise ConfigError(f'--seeds: one stands twice in {args.seeds}')
    base = Path(args.base)
    folder = Path(args.work_dir or f'work_dirs/{base.stem}_ablation')
    arms = make_arms(
        base, args.tags, ROOT / 'configs', folder, args.allow_many, args.from_scratch
    )
    job = Job(
        str(base),
        str(folder),
        fold=args.fold,
        data_root=args.data_root,
        options=dict(args.cfg_options or {}),
        from_scratch=args.from_scratch,
        amp=args.amp,
    )
    results = run_arms(
        arms, job, args.seeds, lambda text: print(text, flush=True),
        args.devices and read_devices(args.devices),
    )  # fmt: skip
    data = args.data_name or Path(job.load().data_root).name
    page = write_report(arms, results, folder, f'Ablation of {base.stem}', data)
    print(f'\n{page.markdown(folder)}\n{folder}/report.md, report.html, report.json')


if __name__ == '__main__':
    cli.run(main)
