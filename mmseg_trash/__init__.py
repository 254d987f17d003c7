"""Semantic segmentation of trash on MMSegmentation 1.x.

Importing this package registers nothing and stays cheap; the registered types live in
its sub-packages, which every config imports through ``custom_imports``.
"""

from .quiet_imports import install as _be_quiet

__version__ = '0.1.0'

_LAZY = {'TrashInferencer': 'inference.inferencer'}

_be_quiet()


def __getattr__(name: str) -> object:
    """Import what is named here when it is first asked for."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f'{__name__}.{_LAZY[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
