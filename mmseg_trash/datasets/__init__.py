"""Data sets; importing this package registers them."""

from .trash_dataset import TrashDataset

__all__ = ['TrashDataset']
