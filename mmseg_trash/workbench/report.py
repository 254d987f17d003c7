"""A folder that shows a data set and its audit: opens without a server."""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from ..errors import DataError
from ..fileio import atomic_write
from ..progress import track
from .finding import RULES, Finding, rank
from .pictures import broken_picture, finding_picture, thumbnail, write_jpeg
from .report_page import card, chips, grid, page
from .report_sections import (
    CHANCE,
    Charts,
    chart_sections,
    distance_tables,
    overview,
)
from .survey import Survey

PER_BIN = 16
LIMIT = 240


def write_report(
    surveys: dict[str, Survey],
    findings: Sequence[Finding],
    out: str | os.PathLike[str],
    title: str,
    main: str | None = None,
    per_bin: int = PER_BIN,
    limit: int = LIMIT,
) -> Path:
    """Write a report.

    Args:
        surveys: Name -> part of the data; see `splits.open_splits`.
        findings: What an audit found, see `audit.run_audit`.
        out: Folder to write; files of an older report are replaced.
        title: Title of the page.
        main: The part whose charts are drawn; None is the first one.
        per_bin: Pictures behind each bar.
        limit: Findings that are shown with a picture; all stand in ``findings.csv``.

    Returns:
        The page, ``index.html``.

    Raises:
        DataError: The folder cannot be written.
    """
    folder = Path(out)
    main = main or next(iter(surveys))
    survey, charts = surveys[main], Charts(per_bin)
    sections = [
        ('Overview', 'All parts of the data set.', overview(surveys)),
        *chart_sections(survey, charts, main),
    ]
    if distances := distance_tables(surveys):
        text = (
            'Jensen-Shannon distance of each class between parts, 0 alike to 1 apart: '
            'of the images that show it, its share of pixels, its share of objects and '
            'the sizes of its objects. Red: at most '
            f'{CHANCE:.0%} of random divisions lie as far apart.'
        )
        sections.append(('Splits', text, distances))
    ranked = rank(findings)
    text = (
        f'{len(ranked)} findings, the most suspicious first'
        + (
            f'; {limit} are shown, all stand in findings.csv.'
            if len(ranked) > limit
            else '.'
        )
        + ' Outlined in red: what is meant; in white: what it is held against.'
    )
    sections.append(('Audit', text, _audit(surveys, ranked[:limit], folder)))
    data = dict(names=survey.names, charts=charts.data)
    lead = (
        f'{len(survey)} images of {survey.title}; click a bar to see what is behind it.'
    )
    _thumbnails(survey, sorted(charts.rows), folder / 'thumbs')
    _write(folder / 'index.html', page(title, lead, sections, data))
    write_findings(folder / 'findings.csv', ranked)
    return folder / 'index.html'


def write_findings(path: Path, findings: Sequence[Finding]) -> None:
    """Write findings as CSV, one a line, in their order."""
    with atomic_write(path) as temporary, temporary.open('w', newline='') as file:
        fields = list(Finding.__dataclass_fields__)
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(asdict(finding) for finding in findings)


def _audit(
    surveys: dict[str, Survey], findings: Sequence[Finding], folder: Path
) -> str:
    by_title = {survey.title: survey for survey in surveys.values()}
    counts = Counter(finding.rule for finding in findings)
    kinds = [('', f'all {len(findings)}')]
    kinds += [(r, f'{r.replace("_", " ")} {n}') for r, n in counts.most_common()]
    cards = []
    for number, finding in enumerate(track(findings, len(findings), 'Findings')):
        survey = by_title.get(finding.part)
        other = next((s for s in by_title.values() if finding.other in s.names), survey)
        try:
            if survey is None:
                raise DataError('no such part')
            picture = finding_picture(survey, finding, other)
        except (DataError, OSError):
            picture = broken_picture()
        name = f'findings/{number}.jpg'
        write_jpeg(picture, folder / name)
        place = ' · '.join(filter(None, (finding.part, finding.file_name)))
        if finding.annotation is not None:
            place += f' · annotation {finding.annotation}'
        about = RULES.get(finding.rule, '')
        message = (
            f'{finding.message}. {about[:1].upper()}{about[1:]}'.rstrip('. ') + '.'
        )
        cards.append(card(name, finding.rule, finding.score, place, message))
    return chips(kinds, '#findings .card') + f'<div id="findings">{grid(cards)}</div>'


def _thumbnails(survey: Survey, rows: Sequence[int], folder: Path) -> None:
    def one(row: int) -> None:
        try:
            picture = thumbnail(survey.read(row))
        except (DataError, OSError):
            picture = broken_picture()
        write_jpeg(picture, folder / f'{row}.jpg')

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in track(pool.map(one, rows), len(rows), 'Thumbnails'):
            pass


def _write(path: Path, text: str) -> None:
    try:
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding='utf-8')
    except OSError as error:
        raise DataError(f'{path}: cannot be written: {error}') from error
