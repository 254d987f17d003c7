"""Measure what CRF and write-back do to small objects, with imaginary members.

The truth of a data set, smeared and under noise, stands in for three models.
"""

import argparse
from pathlib import Path

from mmseg_trash.cli import run
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.postprocess import search
from mmseg_trash.postprocess.batch import Ensemble, image_folder
from mmseg_trash.postprocess.degraded import degraded_members
from mmseg_trash.postprocess.processes import cores
from mmseg_trash.workbench.predictions import open_predictions

TWO_OF_THREE = dict(agreement=0.6)


def main(argv: list[str] | None = None) -> None:
    """Print the table of `search`, and how much is small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-root', required=True)
    parser.add_argument('--ann-file', default='val.json')
    parser.add_argument('--images', type=int, help='the first so many; default: all')
    parser.add_argument('--crf', nargs='+', default=['seed', 'deeplab-vgg'])
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    parser.add_argument('--workers', type=int, help='processes; default: the cores')
    args = parser.parse_args(argv)
    truth = open_predictions(Path(args.data_root) / args.ann_file)
    names = truth.names[: args.images]
    ensemble = Ensemble(
        degraded_members(truth, 3, args.seed),
        [1.0] * 3,
        image_folder(args.data_root, names),
    )
    grid = {
        'crf': [None, *args.crf],
        'write_back': [None, True, TWO_OF_THREE],
        'clean_up.min_size': [0, 50],
    }
    options, posts = search.candidates(grid, {}, CLASSES)
    scores = search.evaluate(
        ensemble, truth, options, posts, names, 1024, args.workers or cores()
    )
    print(f'{len(names)} images, {scores[0].small[:, 0].sum()} small objects')
    print(search.table(scores), end='')


if __name__ == '__main__':
    run(main)
