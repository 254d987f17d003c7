"""From a trained model to label maps, pictures and a submission; registers nothing.

``Predictor`` and ``TrashInferencer`` are imported when they are first asked for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .inferencer import TrashInferencer
    from .predictor import Predictor

__all__ = ['Predictor', 'TrashInferencer']


def __getattr__(name: str) -> object:
    """Import what is named above."""
    if name == 'Predictor':
        from .predictor import Predictor

        return Predictor
    if name == 'TrashInferencer':
        from .inferencer import TrashInferencer

        return TrashInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
