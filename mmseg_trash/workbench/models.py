"""What the models of the zoo cost, and what they score."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from ..errors import DataError
from ..zoo.scores import read_scores


@dataclass(frozen=True)
class ModelRow:
    """One config of the zoo.

    Attributes:
        config: Stem of its file.
        method: Its family.
        parameters: Number of parameters, auxiliary heads included.
        flops: Floating-point operations for one image of 512 x 512 (twice the
            multiply-accumulates).
        images_per_second: Measured speed; None where it was not measured.
        miou: Global mIoU in per cent; None where there is no score.
        data: What the score was measured on.
    """

    config: str
    method: str
    parameters: int
    flops: int
    images_per_second: float | None = None
    miou: float | None = None
    data: str = ''


def model_rows(
    root: str | os.PathLike[str], scores: Mapping[str, float] | None = None
) -> list[ModelRow]:
    """List the configs of the zoo with their cost, from the metafiles.

    Args:
        root: Root of the project.
        scores: Stem of a config -> global mIoU in per cent, of runs of one's own; they
            win over those of docs/scores.yml.

    Returns:
        A row for each config and each of its scores, sorted by parameters.

    Raises:
        FileNotFoundError: There are no metafiles.
        DataError: A file cannot be read.
    """
    files = sorted(Path(root).glob('configs/*/metafile.yml'))
    if not files:
        raise FileNotFoundError(f'{root}: holds no configs/*/metafile.yml')
    known = read_scores(Path(root))
    own = [(score.config, score.miou, score.data) for score in known.ours]
    if scores:
        own = [entry for entry in own if entry[0] not in scores]
        own += [(config, miou, 'own run') for config, miou in scores.items()]
    rows = []
    for file in files:
        for config, parameters, flops in _models(file):
            speed = known.speeds.rows.get(config, {}).get('images_per_second')
            cost = config, file.parent.name, parameters, flops, speed
            found = [entry[1:] for entry in own if entry[0] == config]
            rows += [ModelRow(*cost, *score) for score in found] or [ModelRow(*cost)]
    return sorted(rows, key=lambda row: (row.parameters, row.config))


def run_rows(
    root: str | os.PathLike[str], runs: Mapping[str, tuple[str, float]]
) -> list[ModelRow]:
    """Return what the models of some runs cost, beside their scores.

    Args:
        root: Root of the project.
        runs: Title of a run -> stem of its config, and its global mIoU in per cent.

    Returns:
        A row for each run of a config of the zoo, its title as ``data``.

    Raises:
        FileNotFoundError: There are no metafiles.
        DataError: A file cannot be read.
    """
    known = {row.config: row for row in model_rows(root)}
    return [
        replace(known[config], miou=miou, data=title)
        for title, (config, miou) in runs.items()
        if config in known
    ]


def _models(file: Path) -> list[tuple[str, int, int]]:
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
        return [
            (
                model['Name'],
                int(model['Metadata']['Parameters']),
                int(model['Metadata']['FLOPs']),
            )
            for model in content['Models']
        ]
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(f'{file}: is no metafile of models: {error!r}') from error
