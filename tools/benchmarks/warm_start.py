"""What a start from a model of trash gains over ImageNet weights, with few photographs.

  python tools/benchmarks/warm_start.py trashnet=FOLDER --weights CHECKPOINT

Trains a config on a few of train.json's photographs, once from its own weights and once
from the checkpoint, with the same photographs, order and number of iterations, and
scores test.json. The checkpoint must not have seen these photographs. Call it again
after an interruption. Writes JSON, and the table between two marks of a page.
"""

import argparse
import json
import random
from pathlib import Path
from statistics import mean
from typing import Any

from mmseg_trash import cli

BEGIN, END = '<!-- warm-start:begin -->\n', '<!-- warm-start:end -->'
CONFIG = (
    'configs/smpfpn/smpfpn_efficientnet-lite0_1xb8-iouce-rarecrop-0.6k_demo-224x224.py'
)


def draw(root: Path, size: int, seed: int, folder: Path) -> Path:
    """Write a list of photographs; a larger one holds the smaller ones of its seed."""
    from mmseg_trash.errors import DataError
    from mmseg_trash.fileio import atomic_write

    images = json.loads((root / 'train.json').read_text(encoding='utf-8'))['images']
    names = sorted(image['file_name'] for image in images)
    if size > len(names):
        raise DataError(f'{root}/train.json: has {len(names)} images, not {size}')
    random.Random(seed).shuffle(names)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f'{size}_seed{seed}.txt'
    with atomic_write(file) as temporary:
        temporary.write_text('\n'.join(names[:size]) + '\n', encoding='utf-8')
    return file.resolve()


def jobs(size: int, root: Path, args: argparse.Namespace) -> dict[str, list[Any]]:
    """Return the trainings of a number of photographs, by what they start from."""
    from mmseg_trash.experiments.job import Job

    steps = args.iterations
    found: dict[str, list[Any]] = {'ImageNet': [], 'trash': []}
    for seed in args.seeds:
        options = {
            'train_dataloader.dataset.subset': str(
                draw(root, size, seed, args.work_dir / 'lists')
            ),
            'val_dataloader.dataset.ann_file': 'test.json',
            'train_cfg.max_iters': steps,
            'train_cfg.val_interval': steps + 1,
            'param_scheduler.0.end': steps // 10,
            'param_scheduler.1.begin': steps // 10,
            'param_scheduler.1.end': steps,
        }
        for start, more in (('ImageNet', {}), ('trash', dict(load_from=args.weights))):
            place = str(args.work_dir / f'{start}_{size}_seed{seed}')
            found[start].append(
                Job(args.config, place, seed, None, str(root), options | more)
            )
    return found


def measure(size: int, root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train, and return the figures of a number of photographs."""
    from mmseg_trash.experiments.bootstrap import paired_bootstrap
    from mmseg_trash.experiments.job import run_job

    results = {
        start: [run_job(job) for job in several]
        for start, several in jobs(size, root, args).items()
    }
    records = {s: [r.records for r in several] for s, several in results.items()}
    gain = paired_bootstrap(records['ImageNet'], records['trash'])
    figures = {
        start: [mean(r.metrics[key] for r in several) for key in ('mIoU', 'trash_IoU')]
        for start, several in results.items()
    }
    row = dict(photographs=size, **figures, gain=gain.difference, interval=str(gain))
    print(json.dumps(row), flush=True)
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Return the table as Markdown."""
    from mmseg_trash.zoo.tables import markdown

    cells = [
        [
            str(row['photographs']),
            *(f'{row[s][0]:.1f} / {row[s][1]:.1f}' for s in ('ImageNet', 'trash')),
            f'{row["gain"]:+.1f}',
            row['interval'],
        ]
        for row in rows
    ]
    heads = ['photographs', 'from ImageNet', 'from trash', 'gain', '95 % of images']
    return markdown(heads, cells)


def main(argv: list[str] | None = None) -> None:
    """Measure each number of photographs, and write both files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', metavar='NAME=FOLDER')
    parser.add_argument('--weights', required=True, help='a model of other trash')
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--sizes', type=int, nargs='+', default=[20, 50, 200])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--iterations', type=int, default=150)
    parser.add_argument('--work-dir', type=Path, default='work_dirs/warm_start')
    parser.add_argument('--out', type=Path, default=Path('docs'), help='default: docs')
    args = parser.parse_args(argv)
    from mmseg_trash.fileio import atomic_write

    name, _, folder = args.data.partition('=')
    rows = [measure(size, Path(folder), args) for size in args.sizes]
    found = dict(data=name, iterations=args.iterations, seeds=args.seeds, rows=rows)
    with atomic_write(args.out / 'warm_start.json') as temporary:
        temporary.write_text(json.dumps(found, indent=2) + '\n', encoding='utf-8')
    page = args.out / 'shipped_model.md'
    before, _, rest = page.read_text(encoding='utf-8').partition(BEGIN)
    with atomic_write(page) as temporary:
        text = f'{before}{BEGIN}{table(rows)}{END}{rest.partition(END)[2]}'
        temporary.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    cli.run(main)
