"""Images per second of whole trainings on a CPU, with and without what makes them fast.

Every mode trains the same config with the same seed in processes of its own, in turns;
the loss of the last iterations shows that they learn alike.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, median

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[2]
PLAIN = ['optim_wrapper.type=OptimWrapper', 'optim_wrapper.optimizer.fused=False']
MODES: dict[str, list[str]] = {
    'plain': [*PLAIN, 'channels_last=False'],
    'channels-last': [PLAIN[0], 'channels_last=True'],
    'bf16': ['optim_wrapper.type=BFloat16OptimWrapper', 'channels_last=False'],
    'both': ['optim_wrapper.type=BFloat16OptimWrapper', 'channels_last=True'],
}
"""What each mode sets: float32 in the usual order, and so on."""


def run(config: str, mode: str, args: argparse.Namespace) -> tuple[float, float]:
    """Train in a process of its own.

    Returns:
        Images per second from the second third on, and the mean loss of the last third.
    """
    every = max(1, args.iterations // 6)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, str(ROOT / 'tools/train.py'), config, '--work-dir', folder,
            *(('--data-root', args.data_root) if args.data_root else ()),
            '--seed', '0', '--cfg-options', *MODES[mode],
            f'train_cfg.max_iters={args.iterations}',
            f'train_cfg.val_interval={10 * args.iterations}',
            f'default_hooks.logger.interval={every}',
            f'train_dataloader.num_workers={args.workers}',
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise SystemExit(f'{config}, {mode}: {done.stderr.strip()[-2000:]}')
        lines = next(Path(folder).glob('*/vis_data/scalars.json')).read_text()
    rows = [json.loads(line) for line in lines.splitlines()]
    rows = [row for row in rows if 'loss' in row and 'time' in row]
    third = len(rows) // 3
    seconds = median(row['time'] for row in rows[third:])
    return args.batch / seconds, mean(row['loss'] for row in rows[-third:])


def main(argv: list[str] | None = None) -> None:
    """Print images per second, the ratio to the plain mode, and the losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--data-root', help="default: the config's own")
    parser.add_argument('--iterations', type=int, default=60)
    parser.add_argument('--batch', type=int, default=8, help='of the configs')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--modes', nargs='+', default=list(MODES), choices=MODES)
    args = parser.parse_args(argv)
    for config in args.configs:
        print(Path(config).stem)
        results: dict[str, list[tuple[float, float]]] = {m: [] for m in args.modes}
        for _ in range(args.rounds):
            for mode in args.modes:
                results[mode].append(run(config, mode, args))
        first = median(speed for speed, _ in results[args.modes[0]])
        for mode, found in results.items():
            speed = median(speed for speed, _ in found)
            loss = mean(loss for _, loss in found)
            print(
                f'  {mode:14} {speed:7.2f} images/s {speed / first:5.2f}x '
                f'loss {loss:.3f}',
                flush=True,
            )


if __name__ == '__main__':
    cli.run(main)
