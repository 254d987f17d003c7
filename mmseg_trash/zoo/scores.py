"""Scores and measurements that the pages quote, read from files under docs/."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import DataError

SCORES = 'docs/scores.yml'
FIGURES = 'docs/paper_figures.yml'
SPEEDS = 'docs/speeds.json'


@dataclass(frozen=True)
class Published:
    """A score that others published.

    Attributes:
        cohort: Year of the competition; scores of two cohorts cannot be compared.
        method: The family whose page shows it.
        model: The model, as its authors say.
        public: mIoU on the public board, 0 to 1.
        private: mIoU on the private board; None if it was not published.
        recipe: How it was trained.
    """

    cohort: int
    method: str
    model: str
    public: float
    private: float | None = None
    recipe: str = ''


@dataclass(frozen=True)
class Own:
    """A score of this project: a config, its data, and the global mIoU in per cent."""

    config: str
    data: str
    miou: float


@dataclass(frozen=True)
class PaperFigure:
    """A size that a paper states.

    Attributes:
        config: Stem of the config that is counted beside it.
        classes: For how many classes the paper counts.
        parameters: In millions, as printed.
        source: The paper.
    """

    config: str
    classes: int
    parameters: str
    source: str

    @property
    def tolerance(self) -> float:
        """Half of the last printed digit or .5 %, in millions."""
        decimals = len(self.parameters.partition('.')[2])
        return max(0.5 * 10**-decimals, 0.005 * float(self.parameters))


@dataclass(frozen=True)
class Speeds:
    """Measured speeds: on what, and by config the images/s and the peak MiB."""

    device: str = ''
    rows: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scores:
    """All that the pages quote."""

    published: list[Published]
    ours: list[Own]
    figures: list[PaperFigure]
    speeds: Speeds


def read_scores(root: Path) -> Scores:
    """Read the files; one that is absent counts as empty.

    Raises:
        DataError: A file holds something else than is expected.
    """
    scores = _read(root / SCORES)
    figures = _read(root / FIGURES)
    speeds = _read(root / SPEEDS)
    return Scores(
        _rows(root / SCORES, Published, scores.get('published', [])),
        _rows(root / SCORES, Own, scores.get('ours', [])),
        _rows(root / FIGURES, PaperFigure, figures.get('figures', [])),
        Speeds(speeds.get('device', ''), speeds.get('rows', {})),
    )


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    text = file.read_text(encoding='utf-8')
    try:
        content = json.loads(text) if file.suffix == '.json' else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise DataError(f'{file}: cannot be read: {error}') from error
    if not isinstance(content, dict):
        raise DataError(f'{file}: expected a mapping, got {type(content).__name__}')
    return content


def _rows(file: Path, kind: type, rows: list[dict[str, Any]]) -> list[Any]:
    try:
        return [kind(**row) for row in rows]
    except TypeError as error:
        raise DataError(f'{file}: a row of {kind.__name__}: {error}') from error
