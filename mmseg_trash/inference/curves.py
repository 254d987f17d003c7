"""Plot a run's losses and metrics from the scalars that mmengine logs."""

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..fileio import atomic_write

Curve = tuple[list[float], list[float]]

METRICS = ('mIoU', 'mIoU_image', 'mIoU_batch', 'trash_IoU', 'mAcc', 'aAcc')
COLOURS = ('#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf')


def find_scalars(folder: str | os.PathLike[str]) -> Path:
    """Find the newest ``scalars.json`` of a run.

    Args:
        folder: A work_dir, one of its time-stamped folders, or the file itself.

    Raises:
        FileNotFoundError: There is none.
    """
    path = Path(folder)
    if path.is_file():
        return path
    found = [*path.glob('scalars.json'), *path.glob('**/vis_data/scalars.json')]
    if not found:
        raise FileNotFoundError(f'{path}: no vis_data/scalars.json in it')
    # Folders are named by their time.
    return max(found, key=str)


def read_scalars(path: str | os.PathLike[str]) -> dict[str, Curve]:
    """Read what a run logged.

    Args:
        path: A ``scalars.json``: one JSON object per line.

    Returns:
        For every name its steps and values. A last line that a killed run left
        half-written is left out; of a step that comes twice the later one counts.

    Raises:
        DataError: A line before the last is no JSON object, or there are no values.
    """
    lines = Path(path).read_text(encoding='utf-8').splitlines()
    curves: dict[str, dict[float, float]] = defaultdict(dict)
    for number, line in enumerate(lines, 1):
        try:
            values = dict(json.loads(line))
        except (ValueError, TypeError) as error:
            if number == len(lines):
                break
            raise DataError(
                f'{path}:{number}: no JSON object: {line[:60]!r}'
            ) from error
        step = values.get('step', values.get('iter'))
        if step is None:
            continue
        for name, value in values.items():
            if isinstance(value, (int, float)):
                curves[name][float(step)] = float(value)
    if not curves:
        raise DataError(f'{path}: holds no values')
    ordered = {name: sorted(points.items()) for name, points in curves.items()}
    return {
        name: ([x for x, _ in points], [y for _, y in points])
        for name, points in ordered.items()
    }


def smooth(values: Sequence[float], width: int) -> np.ndarray:
    """Average each value with those before it, at most ``width`` of them together."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    averages: np.ndarray = (total[ends] - total[starts]) / (ends - starts)
    return averages


def plot_curves(
    runs: dict[str, dict[str, Curve]], path: str | os.PathLike[str]
) -> None:
    """Draw the losses, the learning rates and the metrics of some runs side by side.

    Args:
        runs: For every run's name what `read_scalars` gave.
        path: The picture to write.

    Raises:
        DataError: The picture cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    scored = [name for name in METRICS if any(name in run for run in runs.values())]
    figure = Figure(figsize=(14 if scored else 9, 4.8), layout='constrained')
    axes = figure.subplots(1, 2 if scored else 1, squeeze=False)[0]
    for colour, (title, run) in zip(_cycle(len(runs)), runs.items()):
        steps, losses = run.get('loss', ([], []))
        axes[0].plot(steps, losses, color=colour, alpha=0.25, linewidth=1)
        averages = smooth(losses, max(1, len(losses) // 20))
        axes[0].plot(steps, averages, color=colour, linewidth=2, label=title)
    axes[0].set(xlabel='iteration', ylabel='loss (averages bold)', title='Loss')
    if scored:
        # Six lines for each of several runs could not be told apart.
        scored = scored if len(runs) == 1 else scored[:2]
        styles = dict(zip(scored, ('-', '--')))
        several = len(runs) > 1
        for run_colour, (title, run) in zip(_cycle(len(runs)), runs.items()):
            for colour, name in zip(_cycle(len(scored)), scored):
                if name not in run:
                    continue
                steps, values = run[name]
                axes[1].plot(
                    steps,
                    values,
                    color=run_colour if several else colour,
                    linestyle=styles[name] if several else '-',
                    marker='o',
                    markersize=4,
                    label=f'{title} ' * several + f'{name} {values[-1]:.1f}',
                )
        axes[1].set(xlabel='iteration', ylabel='%', title='Validation')
        axes[1].set_ylim(0, None)
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.spines[['top', 'right']].set_visible(False)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(edgecolor='none', framealpha=0.8)
    FigureCanvasAgg(figure)
    try:
        with atomic_write(path) as temporary:
            figure.savefig(temporary, dpi=110)
    except OSError as error:
        raise DataError(f'{path}: cannot be written: {error}') from error


def _cycle(number: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(number)]
