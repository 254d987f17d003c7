"""Measure the model that ships on held-out photographs: tables for its card.

  python tools/benchmarks/shipped_model.py taco=FOLDER trashnet=FOLDER

Scores of each data set's test.json with and without views, by class and by size of the
objects, and how far its probabilities can be believed; the temperature is found on
val.json. Writes JSON, and the tables between two marks of docs/shipped_model.md.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmseg_trash import cli

BEGIN, END = '<!-- scores:begin -->\n', '<!-- scores:end -->'
SIZES = {'small, below .1 %': 0.001, 'medium, .1 to 1 %': 0.01, 'large': 1.0}
"""Upper ends of an object's share of its photograph."""
BINS = 15
TEMPERATURES = np.round(np.arange(0.5, 3.05, 0.05), 2)
EVERY = 7
"""Every how manieth pixel is looked at for calibration; neighbours are alike."""


@dataclass
class Counted:
    """What one pass over photographs counts.

    Attributes:
        labels: Predicted label map of each photograph.
        found: For each size, whether each object was found, and with its class.
        logs: Logarithms of the probabilities of some pixels, N x C.
        truth: Their labels, N.
    """

    labels: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    found: dict[str, list[tuple[bool, bool]]] = field(default_factory=dict)
    logs: list[NDArray[np.float32]] = field(default_factory=list)
    truth: list[NDArray[np.uint8]] = field(default_factory=list)


def objects(dataset: Any, index: int) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield label and connected visible pixels of each object of a photograph."""
    from scipy.ndimage import label as components

    truth = np.asarray(dataset.label_map_of(index))
    for value in np.unique(truth):
        if 0 < value < len(dataset.metainfo['classes']):
            numbers, count = components(truth == value)
            for number in range(1, count + 1):
                yield int(value), numbers == number


def count(predictor: Any, dataset: Any) -> Counted:
    """Predict a data set and count."""
    result = Counted(found={size: [] for size in SIZES})
    places = {dataset.get_data_info(i)['file_name']: i for i in range(len(dataset))}
    for name, probs in predictor.probs(dataset):
        index = places[name]
        label = probs.argmax(0).astype(np.uint8)
        result.labels[name] = label
        for value, mask in objects(dataset, index):
            size = next(s for s, most in SIZES.items() if mask.mean() <= most)
            inside = label[mask]
            seen = (inside > 0).mean() >= 0.5, (inside == value).mean() >= 0.5
            result.found[size].append(seen)
        truth = np.asarray(dataset.label_map_of(index)).ravel()[::EVERY]
        logs = np.log(np.maximum(probs.reshape(len(probs), -1)[:, ::EVERY].T, 1e-8))
        result.logs.append(logs[truth < len(probs)].astype(np.float32))
        result.truth.append(truth[truth < len(probs)])
    return result


def believed(counted: Counted, temperature: float) -> tuple[float, float]:
    """Return expected calibration error (percent) and mean log loss at a temperature.

    Guo et al. 2017, arXiv:1706.04599, section 2, with bins of equal width.
    """
    logs = np.concatenate(counted.logs) / temperature
    truth = np.concatenate(counted.truth)
    logs = logs - logs.max(1, keepdims=True)
    probs = np.exp(logs)
    probs /= probs.sum(1, keepdims=True)
    top, right = probs.max(1), probs.argmax(1) == truth
    bins = np.minimum((top * BINS).astype(int), BINS - 1)
    gaps = [
        abs(top[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    loss = -np.log(np.maximum(probs[np.arange(len(truth)), truth], 1e-12)).mean()
    return 100 * float(sum(gaps)), float(loss)


def present_mean(records: Any) -> float:
    """Return the mean IoU of the classes that the truth has, in per cent."""
    there = records.matrices[:, -1].sum((0, 2)) > 0
    return float(np.asarray(records.class_ious())[there].mean())


def measure(root: str, predictors: dict[str, Any]) -> dict[str, Any]:
    """Return all figures of one data set."""
    from mmseg_trash.config import build_dataset
    from mmseg_trash.inference.scoring import score_labels

    def part(name: str, predictor: Any) -> tuple[Any, Any]:
        options = dict(type='TrashDataset', data_root=root, ann_file=f'{name}.json')
        usual = predictor.cfg.val_dataloader.dataset
        shown = predictor.dataset({**usual, **options, 'subset': ''})
        return shown, build_dataset({**options, 'pipeline': [], 'test_mode': True})

    plain = predictors['plain']
    val = count(plain, part('val', plain)[0])
    temperature = min(TEMPERATURES, key=lambda t: believed(val, float(t))[1])
    result: dict[str, Any] = dict(temperature=float(temperature))
    for title, predictor in predictors.items():
        shown, truth = part('test', predictor)
        counted = count(predictor, shown)
        records = score_labels(iter(counted.labels.items()), truth, 256)
        metrics = records.metrics()
        found = dict(
            images=len(truth),
            mIoU=metrics['mIoU_256'],
            mIoU_image=metrics['mIoU_image_256'],
            trash_IoU=metrics['trash_IoU_256'],
            present=present_mean(records),
            classes=dict(zip(truth.metainfo['classes'], records.class_ious())),
            sizes={
                size: [len(seen), *(np.mean(seen, 0) * 100 if seen else (0.0, 0.0))]
                for size, seen in counted.found.items()
            },
            calibration=[believed(counted, 1.0), believed(counted, float(temperature))],
        )
        result[title] = json.loads(json.dumps(found, default=float))
    return result


def tables(found: dict[str, Any]) -> str:
    """Return the tables of the card as Markdown."""
    from mmseg_trash.zoo.tables import markdown

    passes = [(name, way) for name in found for way in ('plain', 'views')]
    figures = [found[name][way] for name, way in passes]
    heads = [f'{name}, {"6 views" if w == "views" else "one"}' for name, w in passes]

    def row(title: str, values: list[float]) -> list[str]:
        return [title, *('–' if v is None or v != v else f'{v:.1f}' for v in values)]

    scores = [
        row('global mIoU', [f['mIoU'] for f in figures]),
        row('the same, of the classes that are there', [f['present'] for f in figures]),
        row('mIoU by image', [f['mIoU_image'] for f in figures]),
        row('trash against background, IoU', [f['trash_IoU'] for f in figures]),
    ]
    for name in figures[0]['classes']:
        scores.append(row(name, [f['classes'][name] for f in figures]))
    sizes = []
    for size in SIZES:
        cells = [
            f'{f["sizes"][size][1]:.0f} / {f["sizes"][size][2]:.0f} '
            f'({f["sizes"][size][0]})'
            for f in figures
        ]
        sizes.append([size, *cells])
    trust = [
        [name, f'{found[name]["temperature"]:.2f}', *(
            f'{figure:.{digits}f}'
            for pair in found[name]['plain']['calibration']
            for figure, digits in zip(pair, (1, 3))
        )]
        for name in found
    ]  # fmt: skip
    return '\n'.join([
        markdown(['IoU in per cent, at 256x256', *heads], scores),
        'Objects of which half the pixels are taken for trash / for their class, in\n'
        'per cent (how many there are), by their share of the photograph:\n',
        markdown(['size', *heads], sizes),
        'Calibration of one view: the gap between what it says and how often it is '
        'right\n(ECE, per cent), and the log loss, before and after division of the '
        'logits by the\ntemperature that fits val.json:\n',
        markdown(
            ['data', 'temperature', 'ECE', 'log loss', 'ECE after', 'log loss after'],
            trust,
        ),
    ])  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Measure, and write both files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', nargs='+', metavar='NAME=FOLDER')
    parser.add_argument('--model', nargs=2, metavar=('CONFIG', 'CHECKPOINT'))
    parser.add_argument('--out', type=Path, default=Path('docs'), help='default: docs')
    args = parser.parse_args(argv)
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.inference.predictor import Predictor
    from mmseg_trash.named_model import use_shipped

    config, checkpoint = args.model or use_shipped()
    predictors = {
        'plain': Predictor(config, checkpoint),
        'views': Predictor(config, checkpoint, tta=True),
    }
    found = {}
    for text in args.data:
        name, _, root = text.partition('=')
        found[name] = measure(root, predictors)
    text = tables(found)
    print(text)
    with atomic_write(args.out / 'shipped_model.json') as temporary:
        temporary.write_text(json.dumps(found, indent=1) + '\n', encoding='utf-8')
    page = args.out / 'shipped_model.md'
    before, rest = page.read_text(encoding='utf-8').split(BEGIN)
    content = f'{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}'
    with atomic_write(page) as temporary:
        temporary.write_text(content, encoding='utf-8')


if __name__ == '__main__':
    cli.run(main)
