"""The zoo's pages and metafiles, written from its configs."""

from .entries import Entry, entries, leaves
from .write import documents, stale

__all__ = ['Entry', 'documents', 'entries', 'leaves', 'stale']
