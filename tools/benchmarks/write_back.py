"""Measure what CRF and write-back do to small objects, with imaginary members.

The truth of a data set, smeared and under noise, stands in for three models.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmseg_trash.cli import run
from mmseg_trash.errors import DataError
from mmseg_trash.fileio import atomic_write
from mmseg_trash.inference.contact_sheet import contact_sheet
from mmseg_trash.inference.visualize import overlay
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.postprocess import search
from mmseg_trash.postprocess.batch import Ensemble, image_folder
from mmseg_trash.postprocess.degraded import degraded_members
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.postprocess.processes import cores
from mmseg_trash.postprocess.small_objects import count_small
from mmseg_trash.workbench.predictions import Predictions, open_predictions

TWO_OF_THREE = dict(agreement=0.6)


def draw(
    ensemble: Ensemble,
    truth: Predictions,
    names: list[str],
    crf: str,
    file: str,
    side: int = 160,
) -> None:
    """Show where write-back helps most, on the first image of most objects restored."""
    steps: list[dict[str, Any]] = [{}, dict(crf=crf), dict(crf=crf, write_back=True)]
    posts = [PostProcess.from_dict(section) for section in steps]
    found = []
    for name in names:
        probs, members = ensemble.read(name)
        true, image = truth.label_map(name), ensemble.image(name)
        refined = posts[1].refine(image, probs)
        labels = [
            true,
            posts[0](image, probs),
            *(post.finish(refined, members) for post in posts[1:]),
        ]
        counts = [count_small(label, true) for label in labels]
        found.append((counts[3].found - counts[2].found, image, labels, counts))
    gain, image, labels, counts = max(found, key=lambda entry: entry[0])
    if image is None or not gain:
        raise DataError(f'{names[0]} and others: write-back restores nothing')
    rows, columns = np.nonzero((labels[2] != labels[3]) & (labels[3] == labels[0]))
    y = int(np.clip(np.median(rows) - side // 2, 0, max(0, image.shape[0] - side)))
    x = int(np.clip(np.median(columns) - side // 2, 0, max(0, image.shape[1] - side)))
    part = np.s_[y : y + side, x : x + side]
    pictures = [image[part], *(overlay(image[part], label[part]) for label in labels)]
    titles = ['photograph', 'truth', 'ensemble', f'CRF ({crf})', 'CRF, write-back']
    texts = [f'{c.found} of {c.objects} small objects found' for c in counts[1:]]
    captions = ['', f'{counts[0].objects} small objects in all', *texts]
    sheet = contact_sheet([pictures], titles, [captions], [], 256)
    with atomic_write(file) as temporary:
        Image.fromarray(sheet).save(temporary, quality=75)


def main(argv: list[str] | None = None) -> None:
    """Print the table of `search`, and how much is small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-root', required=True)
    parser.add_argument('--ann-file', default='val.json')
    parser.add_argument('--images', type=int, help='the first so many; default: all')
    parser.add_argument('--crf', nargs='+', default=['seed', 'deeplab-vgg'])
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    parser.add_argument('--names', nargs='*', help='these images alone')
    parser.add_argument('--picture', help='draw one image into this file, no table')
    parser.add_argument('--workers', type=int, help='processes; default: the cores')
    args = parser.parse_args(argv)
    truth = open_predictions(Path(args.data_root) / args.ann_file)
    names = list(args.names or truth.names[: args.images])
    ensemble = Ensemble(
        degraded_members(truth, 3, args.seed),
        [1.0] * 3,
        image_folder(args.data_root, names),
    )
    if args.picture:
        draw(ensemble, truth, names, args.crf[0], args.picture)
        return
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
