"""Optimisers beyond torch's own, registered in mmseg's ``OPTIMIZERS``."""

from .adam_p import AdamP
from .lion import Lion
from .madgrad import MADGRAD

__all__ = ['MADGRAD', 'AdamP', 'Lion']
