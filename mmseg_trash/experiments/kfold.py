"""k-fold cross-validation as one run."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from prettytable import PrettyTable

from ..fileio import atomic_write
from ..metrics.records import Records, join_records, write_records
from .job import Job, Result
from .run_jobs import Devices, run_jobs

KINDS = ('mIoU', 'mIoU_image', 'mIoU_batch', 'trash_IoU')


def fold_jobs(job: Job, folds: Iterable[int]) -> list[Job]:
    """Return the jobs of the folds, each in a folder ``fold<k>`` of the job's."""
    return [
        replace(job, fold=k, work_dir=str(Path(job.work_dir) / f'fold{k}'))
        for k in folds
    ]


def run_folds(
    job: Job,
    folds: Iterable[int],
    devices: Devices = None,
    report: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Train and evaluate the folds; what is done already is not repeated.

    Args:
        job: What all have in common; its ``work_dir`` is the folder of the folds.
        folds: Their numbers.
        devices: See :func:`run_jobs`.
        report: Is told of each result when it is there.

    Raises:
        ConfigError: A fold fails.
    """
    return run_jobs(fold_jobs(job, folds), devices, lambda _, result: report(result))


def write_out_of_fold(results: list[Result], folder: Path) -> Records:
    """Join the folds' records and write them, their metrics and their table.

    Every photograph was predicted by the model that had not seen it.

    Args:
        results: Of the folds.
        folder: Gets ``oof_records.npz``, ``oof_metrics.json`` and ``oof.md``.

    Raises:
        DataError: An image stands in two folds.
    """
    joined = join_records(result.records for result in results)
    write_records(joined, folder / 'oof_records.npz')
    metrics = {**joined.metrics(), 'images': len(joined.names)}
    known = {k: None if math.isnan(v) else round(v, 4) for k, v in metrics.items()}
    with atomic_write(folder / 'oof_metrics.json') as temporary:
        temporary.write_text(json.dumps(known, indent=2) + '\n', encoding='utf-8')
    with atomic_write(folder / 'oof.md') as temporary:
        text = f'{fold_table(results, joined)}\n\n{class_table(joined)}\n'
        temporary.write_text(text, encoding='utf-8')
    return joined


def fold_table(results: list[Result], joined: Records) -> str:
    """Draw the scores of the folds and of all out-of-fold predictions, in Markdown.

    ``trash_IoU`` has a column where a class is known to be the background, and ``-``
    in the row of a fold of an earlier version, which does not name its classes.
    """
    total = joined.metrics()
    sizes = [f'_{size}' if size else '' for size in joined.sizes]
    keys = [f'{kind}{size}' for size in sizes for kind in KINDS]
    keys = [key for key in keys if key in total]
    table = PrettyTable(['fold', 'images', *keys, 'minutes'])
    for result in results:
        metrics = result.records.metrics()
        table.add_row(
            [
                result.job.fold,
                len(result.records.names),
                *(_percent(metrics.get(key, math.nan)) for key in keys),
                f'{result.seconds / 60:.1f}',
            ]
        )
    minutes = sum(result.seconds for result in results) / 60
    table.add_row(
        [
            'out of fold',
            len(joined.names),
            *(_percent(total[key]) for key in keys),
            f'{minutes:.1f}',
        ]
    )
    return markdown(table)


def class_table(joined: Records) -> str:
    """Draw the out-of-fold IoU of each class, in Markdown."""
    table = PrettyTable(['class', 'IoU'])
    for name, iou in zip(joined.class_names, joined.class_ious()):
        table.add_row([name, _percent(iou)])
    return markdown(table)


def _percent(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.2f}'


def markdown(table: PrettyTable) -> str:
    """Return a table as Markdown, numbers to the right."""
    from prettytable import TableStyle

    table.set_style(TableStyle.MARKDOWN)
    table.align = 'r'
    table.align[table.field_names[0]] = 'l'
    return str(table.get_string())
