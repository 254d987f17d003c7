"""Views of an image for test-time augmentation: scales, flips, quarter turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import ConfigError

MEANS = ('probs', 'logits')
SETS: dict[str, tuple[str, ...]] = {
    'flips': ('plain', 'hflip'),
    'turns': ('plain', 'rot90', 'rot180', 'rot270'),
    'd4': (
        *('plain', 'rot90', 'rot180', 'rot270'),
        *(f'hflip{turn}' for turn in ('', '+rot90', '+rot180', '+rot270')),
    ),
    'scales': ('scale0.75', 'plain', 'scale1.25'),
    'six': tuple(
        f'{scale}{flip}'
        for scale in ('scale0.75', 'scale1', 'scale1.25')
        for flip in ('', '+hflip')
    ),
}
"""Sets of views that have a name of their own."""

_TURNS = {'rot90': 1, 'rot180': 2, 'rot270': 3}


@dataclass(frozen=True)
class View:
    """One way to look at an image: resized, then mirrored, then turned.

    Attributes:
        scale: Factor on both sides of what the config's pipeline makes.
        flip: Mirror left and right.
        turns: Quarter turns counterclockwise, 0 to 3, after the mirror.
    """

    scale: float = 1.0
    flip: bool = False
    turns: int = 0

    @classmethod
    def parse(cls, name: str) -> 'View':
        """Read a view's name: parts joined by ``+``, done from left to right.

        The parts are ``plain``, ``hflip``, ``vflip``, ``rot90``, ``rot180``, ``rot270``
        (counterclockwise) and ``scale`` with a number, as in ``scale0.75+hflip``.

        Raises:
            ConfigError: A part is none of these, or the scale is not positive.
        """
        scale, flip, turns = 1.0, False, 0
        for part in str(name).split('+'):
            if part in ('hflip', 'vflip'):
                # A mirror before a turn is the mirror after the opposite turn; up and
                # down are left and right turned by half.
                flip, turns = not flip, -turns + 2 * (part == 'vflip')
            elif part in _TURNS:
                turns += _TURNS[part]
            elif part.startswith('scale'):
                scale *= _factor(part, name)
            elif part != 'plain':
                raise ConfigError(
                    f'view {name!r}: {part!r} is none of plain, hflip, vflip, rot90, '
                    f'rot180, rot270, scale0.75 …, nor is it a set: {", ".join(SETS)}'
                )
        return cls(scale, flip, turns % 4)

    @property
    def name(self) -> str:
        """The name that :meth:`parse` reads."""
        parts = [f'scale{self.scale:g}'] if self.scale != 1 else []
        parts += ['hflip'] if self.flip else []
        parts += [f'rot{90 * self.turns}'] if self.turns else []
        return '+'.join(parts) or 'plain'

    def apply(self, image: Tensor) -> Tensor:
        """Mirror and turn the last two dimensions (the scale is the pipeline's)."""
        image = image.flip(-1) if self.flip else image
        return image.rot90(self.turns, (-2, -1)) if self.turns else image

    def invert(self, output: Tensor) -> Tensor:
        """Undo :meth:`apply`, exactly."""
        output = output.rot90(-self.turns, (-2, -1)) if self.turns else output
        return output.flip(-1) if self.flip else output


@dataclass(frozen=True)
class ViewSet:
    """The views of an image and how they become one.

    Attributes:
        views: At least one; the unchanged image counts where ``plain`` is named.
        weights: One positive weight per view; empty gives all the same.
        mean: ``probs`` averages probabilities, ``logits`` averages logits (of heads
            that give probabilities their logarithms) and takes the softmax of that.

    Raises:
        ConfigError: There is no view, one stands twice, the weights do not fit, or the
            mean is unknown.
    """

    views: tuple[View, ...]
    weights: tuple[float, ...] = ()
    mean: str = 'probs'

    def __post_init__(self) -> None:
        """Check the views against the weights."""
        names = [view.name for view in self.views]
        if not names:
            raise ConfigError('tta: expected at least one view')
        if len(set(names)) < len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f'tta: the view {double!r} stands twice')
        if self.mean not in MEANS:
            raise ConfigError(f'tta: mean {self.mean!r}, expected one of {MEANS}')
        if self.weights and len(self.weights) != len(names):
            raise ConfigError(
                f'tta: {len(self.weights)} weights for {len(names)} views {names}'
            )
        for weight in self.weights:
            if type(weight) not in (int, float) or not 0 < weight < float('inf'):
                raise ConfigError(f'tta: weights must be positive, got {weight!r}')

    @classmethod
    def from_names(
        cls,
        names: Sequence[str],
        weights: Sequence[float] = (),
        mean: str = 'probs',
    ) -> 'ViewSet':
        """Read names of views and of sets of views."""
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise ConfigError(f'tta: expected a list of views, got {names!r}')
        found = [one for name in names for one in SETS.get(str(name), (name,))]
        return cls(tuple(View.parse(one) for one in found), tuple(weights), mean)

    @classmethod
    def from_section(cls, section: Any) -> 'ViewSet | bool':
        """Read a recipe's ``tta:``.

        Args:
            section: True for the config's own views, false for none, a list of views,
                or a mapping with ``views`` and perhaps ``weights`` and ``mean``.

        Returns:
            The views, or the truth value as it is.

        Raises:
            ConfigError: It is something else.
        """
        if section is None or isinstance(section, bool):
            return bool(section)
        if not isinstance(section, Mapping):
            return cls.from_names(section)
        unknown = set(section) - {'views', 'weights', 'mean'}
        if unknown or 'views' not in section:
            raise ConfigError(
                'tta: expected views, and perhaps weights and mean, '
                f'got {sorted(map(str, section))}'
            )
        weights = section.get('weights') or ()
        if isinstance(weights, str) or not isinstance(weights, Sequence):
            raise ConfigError(f'tta: expected a list of weights, got {weights!r}')
        return cls.from_names(section['views'], weights, section.get('mean', 'probs'))

    def shares(self) -> list[float]:
        """Return the views' weights, 1 in sum."""
        weights = self.weights or (1.0,) * len(self.views)
        return [weight / sum(weights) for weight in weights]

    def describe(self) -> dict[str, Any]:
        """Return the set as a recipe's ``tta:`` has it."""
        return dict(
            views=[view.name for view in self.views],
            weights=list(self.weights),
            mean=self.mean,
        )


def to_average(output: Tensor, gives_probs: bool, mean: str) -> Tensor:
    """Turn a head's output into what is averaged, float32.

    Args:
        output: (..., C, H, W): logits, or probabilities.
        gives_probs: Whether they are probabilities.
        mean: One of `MEANS`.
    """
    output = output.float()
    if mean == 'probs':
        return output if gives_probs else output.softmax(dim=-3)
    if not gives_probs:
        return output
    return output.clamp_min(torch.finfo(torch.float32).tiny).log()


def _factor(part: str, name: str) -> float:
    try:
        value = float(part.removeprefix('scale'))
    except ValueError:
        value = 0.0
    if not 0.05 <= value <= 20:
        raise ConfigError(f'view {name!r}: expected a scale of 0.05 to 20 in {part!r}')
    return value
