"""What an ablation found, with error bars."""

import math
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..inference.curves import Curve, plot_curves, read_scalars
from .ablation import BASE, Arm
from .comparison import Comparison, Spread, compare
from .job import Result
from .page import Heading, Page, Picture, Table, Text

READING = """mIoU: global, at full size, per cent, of the last checkpoint; mean and
standard deviation over the seeds. Change: against the base with the same seed. 95 % of
images: interval of the mean change when the validation images are drawn with
replacement, 2000 times, the same images for both and for all seeds; below 0: the share
of these draws in which the change is worse. Trash IoU: any object against background,
its change with the interval over the same draws. p: paired t-test over the seeds. A
change is called better or worse where p is below .05 and the interval of its mIoU
leaves out 0; with few seeds most stay open."""


def write_report(
    arms: Sequence[Arm],
    results: dict[str, list[Result]],
    folder: Path,
    title: str,
    data: str,
) -> Page:
    """Write ``report.md``, ``report.html``, ``report.json`` and ``curves.png``.

    Args:
        arms: The configs, the base first.
        results: Of each arm, in the same order of seeds.
        folder: Where to write.
        title: Of the page.
        data: What was trained and evaluated on.
    """
    base = results[BASE]
    found = {
        arm.name: compare(
            [r.records for r in base], [r.records for r in results[arm.name]]
        )
        for arm in arms[1:]
    }
    page = Page(title)
    page.add(Text(_setting(base, data)))
    page.add(Text(READING))
    page.add(Table(*_scores(arms, results, found)))
    page.add(Heading('Classes'))
    page.add(Text('Change of the IoU of each class in points, mean over the seeds.'))
    page.add(Table(*_classes(arms, results)))
    page.add(Heading('Curves'))
    folder.mkdir(parents=True, exist_ok=True)
    plot_curves(
        {arm.name: mean_curves(results[arm.name]) for arm in arms},
        folder / 'curves.png',
    )
    page.add(Picture(folder / 'curves.png', 'mean loss and mIoU over the iterations'))
    page.add(Heading('What was changed'))
    rows = [[arm.name, ', '.join(arm.changed)] for arm in arms[1:]]
    page.add(Table(['change', 'keys'], rows))
    page.write(folder, 'report', _numbers(results, found))
    return page


def _setting(base: list[Result], data: str) -> str:
    seeds = ', '.join(str(result.job.seed) for result in base)
    images = len(base[0].records.names)
    return (
        f'{data}; {images} validation images; seeds {seeds}; the same budget, data '
        f'order and images for every arm. torch {torch.__version__}, Python '
        f'{platform.python_version()}, '
        f'{"GPU" if torch.cuda.is_available() else "CPU"}.'
    )


def _scores(
    arms: Sequence[Arm],
    results: dict[str, list[Result]],
    found: dict[str, Comparison],
) -> tuple[list[str], list[list[str]]]:
    header = [
        'change', 'mIoU', 'change of mIoU', '95 % of images', 'below 0', 'p', 'verdict',
        'change of trash IoU', 'mIoU by image', 'mIoU at 256', 'trash IoU',
        'minutes a run',
    ]  # fmt: skip
    rows = []
    for arm in arms:
        metrics = [r.records.metrics() for r in results[arm.name]]
        minutes = Spread.of([r.seconds / 60 for r in results[arm.name]])
        cells = [''] * 6
        if arm.name in found:
            one = found[arm.name]
            p = '-' if math.isnan(one.p_value) else f'{one.p_value:.3f}'
            sign = '+' if one.delta.mean >= 0 else ''
            cells = [
                f'{sign}{one.delta}', f'{one.low:+.2f} to {one.high:+.2f}',
                f'{one.below:.3f}', p, one.verdict,
                f'{one.trash.difference:+.2f} ({one.trash})',
            ]  # fmt: skip
        rows.append(
            [
                arm.name,
                str(Spread.of([m['mIoU'] for m in metrics])),
                *cells,
                str(Spread.of([m['mIoU_image'] for m in metrics])),
                _spread(metrics, 'mIoU_256'),
                _spread(metrics, 'trash_IoU'),
                f'{minutes.mean:.1f}',
            ]
        )
    return header, rows


def _spread(metrics: list[dict[str, float]], key: str) -> str:
    values = [m[key] for m in metrics if key in m]
    return str(Spread.of(values)) if values else '-'


def _classes(
    arms: Sequence[Arm], results: dict[str, list[Result]]
) -> tuple[list[str], list[list[str]]]:
    ious = {
        arm.name: np.array([r.records.class_ious() for r in results[arm.name]])
        for arm in arms
    }
    base = ious[BASE]
    rows = []
    for place, name in enumerate(results[BASE][0].records.class_names):
        cells = [_number(base[:, place].mean(), '.2f')]
        cells += [
            _number((ious[arm.name] - base)[:, place].mean(), '+.2f')
            for arm in arms[1:]
        ]
        rows.append([name, *cells])
    return ['class', 'base', *(arm.name for arm in arms[1:])], rows


def _number(value: float, form: str) -> str:
    return '-' if math.isnan(value) else format(value, form)


def mean_curves(results: Sequence[Result]) -> dict[str, Curve]:
    """Average the loss and the mIoU of several runs, step by step."""
    curves: dict[str, Curve] = {}
    runs: list[dict[str, Curve]] = []
    for result in results:
        joined: dict[str, dict[float, float]] = {}
        files = Path(result.job.work_dir).glob('*/vis_data/scalars.json')
        for file in sorted(files):
            for name, (steps, values) in read_scalars(file).items():
                joined.setdefault(name, {}).update(zip(steps, values))
        runs.append(
            {n: (sorted(p), [p[s] for s in sorted(p)]) for n, p in joined.items()}
        )
    for name in ('loss', 'mIoU'):
        series = [dict(zip(*run[name])) for run in runs if name in run]
        if not series:
            continue
        steps = sorted(set.intersection(*(set(one) for one in series)))
        mean = [float(np.mean([one[step] for one in series])) for step in steps]
        curves[name] = (steps, mean)
    return curves


def _numbers(
    results: dict[str, list[Result]], found: dict[str, Comparison]
) -> dict[str, Any]:
    return {
        name: dict(
            seeds=[r.job.seed for r in runs],
            metrics=[r.records.metrics() for r in runs],
            seconds=[r.seconds for r in runs],
            comparison=asdict(found[name]) if name in found else None,
        )
        for name, runs in results.items()
    }
