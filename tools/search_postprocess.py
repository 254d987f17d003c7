"""Compare post-processings: python tools/search_postprocess.py STORE --truth val.json

Each INPUT is an ensemble's member, as for tools/postprocess.py, predicted out of fold.
All combinations of a grid are scored. The last line is what the choice is worth: each
fifth of the images is scored with the best on the rest. A grid is YAML, dotted keys and
the values to try:
  crf: [null, seed, {preset: deeplab-vgg, iterations: 5}]
  write_back.min_area: [9, 36]
"""

import argparse
from pathlib import Path

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('inputs', nargs='+', metavar='INPUT')
    parser.add_argument('--truth', required=True, help='COCO JSON of the images')
    parser.add_argument('--data-root', help="default: the JSON's folder")
    parser.add_argument('--grid', help='YAML; default: CRF, write-back, least size')
    parser.add_argument('--recipe', help='YAML whose section postprocess all share')
    parser.add_argument('--weights', type=float, nargs='+', help='one for each input')
    parser.add_argument(
        '--small', type=int, default=1024, help='most pixels of a small object'
    )
    parser.add_argument('--out', help='write the table to this file too')
    parser.add_argument('--workers', type=int, help='processes; default: the cores')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Score the grid and print the table."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.postprocess import batch, search
    from mmseg_trash.postprocess.processes import cores
    from mmseg_trash.postprocess.section import read_section, read_yaml
    from mmseg_trash.workbench.compare import common_names
    from mmseg_trash.workbench.predictions import open_predictions

    grid = search.GRID
    if args.grid:
        grid = read_yaml(args.grid)
        if not isinstance(grid, dict):
            raise ConfigError(f'{args.grid}: expected dotted keys with lists of values')
    members = [open_predictions(name) for name in args.inputs]
    truth = open_predictions(args.truth, members[0].classes)
    names = common_names(truth, members[0])
    ensemble = batch.Ensemble(
        members,
        args.weights or [1.0] * len(members),
        batch.image_folder(args.data_root or str(Path(args.truth).parent), names),
    )
    ensemble.check(names)
    section = read_section(args.recipe) if args.recipe else {}
    options, posts = search.candidates(grid, section, ensemble.classes)
    scores = search.evaluate(
        ensemble, truth, options, posts, names, args.small, args.workers or cores()
    )
    full, small = search.cross_validated(scores)
    text = search.table(scores) + (
        f'\n{len(names)} images; chosen on the others: mIoU {100 * full:.2f}, '
        f'at 256 {100 * small:.2f}\n'
    )
    print(text, end='')
    if args.out:
        with atomic_write(args.out) as temporary:
            temporary.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    cli.run(main)
