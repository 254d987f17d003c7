"""Necks, registered in mmseg's ``MODELS``."""

from .query_upsampling import QueryUpsampling

__all__ = ['QueryUpsampling']
