"""Loops of evaluation, registered in mmseg's registry."""

from .mixed_size_test_loop import MixedSizeTestLoop
from .mixed_size_val_loop import MixedSizeValLoop

__all__ = ['MixedSizeTestLoop', 'MixedSizeValLoop']
