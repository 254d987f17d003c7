"""What the file name of a config claims."""

import re
from dataclasses import dataclass
from pathlib import Path

GRAMMAR = '{method}_{backbone}-{size}[-{pretrain}]_{gpus}xb{batch}[-{tag}…]-{iters}k_'
GRAMMAR += '{dataset}-{H}x{W}.py'

_PATTERN = re.compile(
    r'(?P<method>[a-z\d]+)'
    r'_(?P<backbone>[a-z\d]+)-(?P<size>[a-z\d]+)(?:-(?P<pretrain>[a-z\d-]+))?'
    r'_(?P<gpus>\d+)xb(?P<batch>\d+)(?:-(?P<tags>[a-z][a-z\d-]*))?'
    r'-(?P<iters>\d+(?:\.\d)?)k'
    r'_(?P<dataset>[a-z\d]+)-(?P<height>\d+)x(?P<width>\d+)'
)


@dataclass(frozen=True)
class ConfigName:
    """The claims of a config's name.

    Attributes:
        method: The folder too.
        backbone: Family of the backbone.
        size: Its size within the family.
        pretrain: What it starts from, '' for the method's usual; ``scratch`` for none.
        gpus: Number of processes that the batch is meant for.
        batch: Images per process.
        tags: What an ablation changes, alphabetical.
        iterations: Length of the training.
        dataset: Name of the data set's base.
        crop_size: Height and width of the training crops in pixels.
    """

    method: str
    backbone: str
    size: str
    pretrain: str
    gpus: int
    batch: int
    tags: tuple[str, ...]
    iterations: int
    dataset: str
    crop_size: tuple[int, int]


def parse(path: str | Path) -> ConfigName:
    """Read the claims of a config's file name.

    Raises:
        ValueError: The name does not follow the grammar.
    """
    match = _PATTERN.fullmatch(Path(path).stem)
    if match is None:
        raise ValueError(f'{path}: the name does not follow {GRAMMAR}')
    part = match.groupdict()
    return ConfigName(
        method=part['method'],
        backbone=part['backbone'],
        size=part['size'],
        pretrain=part['pretrain'] or '',
        gpus=int(part['gpus']),
        batch=int(part['batch']),
        tags=tuple(part['tags'].split('-')) if part['tags'] else (),
        iterations=round(1000 * float(part['iters'])),
        dataset=part['dataset'],
        crop_size=(int(part['height']), int(part['width'])),
    )
