"""Train the model that ships, from the photographs to the files in the package.

  python tools/make_shipped_model.py taco=FOLDER trashnet=FOLDER

FOLDERs hold train.json, val.json, test.json and the photographs: TACO by
tools/data/convert_taco.py, TrashNet as in tools/demo_data. Call it again after an
interruption. An hour and a half on one CPU core with bfloat16.
"""

import argparse
import runpy
from pathlib import Path

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[1]
CONFIG = (
    'configs/smpfpn/smpfpn_efficientnet-lite2_1xb8-'
    'copypaste-ema-iouce-rarecrop-repeatfactor-2k_photos-256x256.py'
)
DATA = (
    'TACO (201 photographs of batches 1 to 3, CC BY 4.0, Proença and Simões 2020) and '
    'TrashNet (297 photographs, MIT, Thung and Yang 2016, polygons MIT, Srihari M and '
    'Vignesh Desmond 2021)'
)


def call(tool: str, *arguments: str) -> None:
    """Run a command line in this process."""
    print(f'\n$ python tools/{tool} {" ".join(arguments)}\n', flush=True)
    if runpy.run_path(str(ROOT / 'tools' / tool))['main'](list(arguments)):
        raise SystemExit(1)


def main(argv: list[str] | None = None) -> None:
    """Join, train, publish, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', nargs='+', metavar='NAME=FOLDER')
    parser.add_argument('--work-dir', type=Path, default='work_dirs/shipped')
    parser.add_argument('--photos', type=Path, default='work_dirs/photos')
    parser.add_argument('--out', help='folder of the files; default: the package')
    parser.add_argument('--docs', default='docs', help='folder of the tables')
    parser.add_argument('--seed', default='0')
    parser.add_argument('--debug', action='store_true', help='20 iterations only')
    args = parser.parse_args(argv)
    from mmseg_trash.demo import best_checkpoint

    if not (args.photos / 'train.json').is_file():
        call('data/join.py', str(args.photos), *args.data)
    call(
        'train.py', CONFIG, '--data-root', str(args.photos), '--work-dir',
        str(args.work_dir), '--seed', args.seed, '--resume',
        *(['--debug'] if args.debug else []),
    )  # fmt: skip
    best = str(best_checkpoint(args.work_dir))
    place = ['--out', args.out] if args.out else []
    call('publish_model.py', CONFIG, best, '--data', DATA, *place)
    if not args.out:
        call('benchmarks/shipped_model.py', *args.data, '--out', args.docs)


if __name__ == '__main__':
    cli.run(main)
