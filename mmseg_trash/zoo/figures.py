"""The size of the zoo's networks beside the papers' figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import build_model, load_config, num_classes
from ..errors import DataError
from .scores import PaperFigure


@dataclass(frozen=True)
class Counted:
    """A paper's figure and the parameters that are counted here."""

    figure: PaperFigure
    parameters: int

    @property
    def agrees(self) -> bool:
        """Whether both are the same but for rounding or .5 %."""
        difference = self.parameters / 1e6 - float(self.figure.parameters)
        return abs(difference) <= self.figure.tolerance


def count_figures(root: Path, figures: list[PaperFigure]) -> list[Counted]:
    """Count each network with the paper's number of classes.

    Args:
        root: Root of the project.
        figures: What the papers say.

    Raises:
        DataError: There is no such config.
    """
    rows = []
    for figure in figures:
        method = figure.config.split('_')[0]
        path = root / 'configs' / method / f'{figure.config}.py'
        if not path.is_file():
            raise DataError(f"{figure.config}: a paper's figure for an unknown config")
        cfg = load_config(path, from_scratch=True)
        _set_classes(cfg.model, num_classes(cfg), figure.classes)
        model = build_model(cfg, 'meta')
        rows.append(Counted(figure, sum(p.numel() for p in model.parameters())))
    return rows


def _set_classes(node: Any, old: int, new: int) -> None:
    """Replace the number of classes wherever a model's config states it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == 'num_classes' and value == old:
                node[key] = new
            else:
                _set_classes(value, old, new)
    elif isinstance(node, (list, tuple)):
        for value in node:
            _set_classes(value, old, new)
