"""Search for better values of a config's keys: tools/sweep.py SPEC.yaml

docs/experiments.md describes the spec. Call it again after an interruption: finished
trials are kept, those that were cut off go on from their last checkpoints.
"""

import argparse
from pathlib import Path

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('spec', type=Path, help='a YAML file')
    parser.add_argument('--work-dir', help='in place of that of the spec')
    parser.add_argument(
        '--to-wandb', type=Path, metavar='OUT.yaml',
        help='write the same search for a W&B sweep and run nothing',
    )  # fmt: skip
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run what is missing and write the table."""
    args = parse_args(argv)
    from mmseg_trash.experiments.console import calm
    from mmseg_trash.experiments.sweep_run import run_sweep
    from mmseg_trash.experiments.sweep_spec import read_spec
    from mmseg_trash.experiments.sweep_wandb import write_wandb

    calm()
    spec = read_spec(args.spec, args.work_dir)
    if args.to_wandb is not None:
        write_wandb(spec, args.to_wandb)
        print(
            f'{args.to_wandb}: wandb sweep {args.to_wandb}, then wandb agent SWEEP_ID'
        )
        return
    page = run_sweep(spec, report=lambda text: print(text, flush=True))
    folder = spec.folder
    print(f'\n{page.markdown(folder)}\n{folder}/sweep.md, sweep.html, sweep.json')


if __name__ == '__main__':
    cli.run(main)
