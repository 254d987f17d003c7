"""What the configs of the zoo are and cost."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import build_model, load_config
from ..config_name import ConfigName, parse
from ..models.complexity import Complexity, count
from .recipe import recipe
from .weights import Weights, weights

SIDE = 512
"""Height and width of the image for which operations are counted."""


@dataclass(frozen=True)
class Entry:
    """One config of the zoo.

    Attributes:
        path: Its file.
        name: What the file name claims.
        complexity: Parameters and operations at 512x512.
        complexity_at_crop: The same at the crop of the training, where that is larger.
        recipe: Optimiser and schedule, in a few words.
        weights: The pretrained weights that it starts from; None is random ones.
    """

    path: Path
    name: ConfigName
    complexity: Complexity
    complexity_at_crop: Complexity | None
    recipe: str
    weights: Weights | None


def leaves(root: Path) -> list[Path]:
    """Return the configs of the zoo (all but the bases), sorted.

    Args:
        root: Root of the project.

    Raises:
        FileNotFoundError: There are none.
    """
    folders = [p for p in (root / 'configs').glob('*') if not p.name.startswith('_')]
    found = sorted(p for folder in folders for p in folder.glob('*.py'))
    if not found:
        raise FileNotFoundError(f'{root / "configs"}: holds no configs')
    return found


def entries(root: Path) -> list[Entry]:
    """Build every network of the zoo without memory or weights, and count.

    Configs that differ in data, schedule or losses share a network, built once.
    """
    known: dict[tuple[str, tuple[int, int]], tuple[Complexity, Complexity | None]] = {}
    result = []
    for path in leaves(root):
        name = parse(path)
        source = weights(load_config(path).model)
        cfg = load_config(path, from_scratch=True)
        network = (repr(_without_losses(cfg.model.to_dict())), name.crop_size)
        if network not in known:
            model = build_model(cfg, 'meta')
            larger = max(name.crop_size) > SIDE
            known[network] = (
                count(model, SIDE, SIDE),
                count(model, *name.crop_size) if larger else None,
            )
        result.append(Entry(path, name, *known[network], recipe(cfg), source))
    return sorted(result, key=_order)


def _without_losses(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {k: v for k, v in node.items() if k != 'loss_decode'}
        return {k: _without_losses(v) for k, v in sorted(kept.items())}
    return [_without_losses(n) for n in node] if isinstance(node, list) else node


def _order(entry: Entry) -> tuple:
    name = entry.name
    size = entry.complexity.parameters
    return (name.method, name.dataset, name.crop_size, name.iterations, size, name.tags)
