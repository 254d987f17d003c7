"""Time three members with six views: ours against mmseg's Runner, member by member.

Each way runs in a process of its own and takes turns. CPU seconds of the process and
its loaders are given beside the wall clock, which other work on the machine lengthens.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0_1xb8-4k_taco-512x512.py'
WAYS = ('stock', 'stock, our backbone', 'ours')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data-root', help='with test.json; default: toy data')
    parser.add_argument('--config', default=str(CONFIG))
    parser.add_argument('--number', type=int, default=44, help='images')
    parser.add_argument('--members', type=int, default=3)
    parser.add_argument('--threads', type=int, default=1, help='of torch')
    parser.add_argument('--workers', type=int, default=1, help='that load images')
    parser.add_argument('--repeats', type=int, default=2, help='least of so many')
    parser.add_argument('--way', choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument('--folder', help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def used() -> float:
    """Return the CPU seconds of this process and its children."""
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, -1))
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


def measure(args: argparse.Namespace) -> None:
    """Run one way; write its label maps and figures."""
    import numpy as np
    import torch

    from mmseg_trash.inference.benchmark import predict_ours, predict_stock
    from mmseg_trash.launch import quiet

    quiet()
    torch.set_num_threads(args.threads)
    checkpoints = sorted(Path(args.folder).glob('*.pth'))
    start, cpu = time.perf_counter(), used()
    options = (args.config, checkpoints, args.data_root, args.number, args.workers)
    if args.way == 'ours':
        labels = predict_ours(*options)
    else:
        labels = predict_stock(*options, stock_backbone=args.way == 'stock')
    figures = dict(
        wall=time.perf_counter() - start,
        cpu=used() - cpu,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    content: dict[str, Any] = dict(labels)
    np.savez_compressed(Path(args.folder, f'{args.way}.npz'), **content)
    Path(args.folder, f'{args.way}.json').write_text(json.dumps(figures))


def main(argv: list[str] | None = None) -> None:
    """Print images per second, CPU seconds per image, memory, and agreement."""
    args = parse_args(argv)
    if args.way:
        measure(args)
        return
    import numpy as np

    from mmseg_trash.datasets.toy import make_toy
    from mmseg_trash.inference.benchmark import make_members
    from mmseg_trash.launch import quiet

    quiet()
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if args.data_root is None:
            args.data_root = f'{folder}/toy'
            make_toy(args.data_root, num_train=1, num_val=1, num_test=args.number)
        content = json.loads(Path(args.data_root, 'test.json').read_text())
        number = min(args.number, len(content['images']))
        make_members(args.config, args.members, Path(folder))
        # A last measured turn each, in turns.
        for way in WAYS * args.repeats:
            command = [sys.executable, __file__, '--way', way, '--folder', folder]
            for key in ('data_root', 'config', 'threads', 'workers'):
                command += [f'--{key.replace("_", "-")}', str(getattr(args, key))]
            command += ['--number', str(number)]
            env = {**os.environ, 'OMP_NUM_THREADS': str(args.threads)}
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
            figures = json.loads(Path(folder, f'{way}.json').read_text())
            known = best.setdefault(way, figures)
            best[way] = {key: min(known[key], figures[key]) for key in figures}
        truth = dict(np.load(Path(folder, 'stock.npz')))
        table = Table('', 'images/s', 'CPU s/image', 'ratio', 'peak MiB', 'same pixels')
        for way in WAYS:
            found, labels = best[way], dict(np.load(Path(folder, f'{way}.npz')))
            same = np.mean([np.mean(labels[name] == truth[name]) for name in truth])
            ratio = best['stock']['cpu'] / found['cpu']
            table.add_row(
                way, f'{number / found["wall"]:.3f}', f'{found["cpu"] / number:.2f}',
                f'{ratio:.2f}', f'{found["memory"]:.0f}', f'{100 * same:.3f} %',
            )  # fmt: skip
    Console().print(table, f'load of the machine {os.getloadavg()[0]:.1f}', sep='\n')


if __name__ == '__main__':
    run(main)
