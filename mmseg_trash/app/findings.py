"""The findings of the audit, for its page and for the viewer's filter."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ..workbench.audit import run_audit
from ..workbench.finding import Finding
from .audit_card import decisions_file
from .settings import Settings
from .state import FINDINGS, stamp


def find_all(settings: Settings) -> list[Finding]:
    """Audit the data root; what was found is kept until a file changes."""
    root = Path(settings.data_root)
    files = [*sorted(root.glob('*.json')), *sorted((root / 'folds').glob('*.txt'))]
    own = decisions_file(settings)
    return _findings(settings, tuple(stamp(path) for path in files if path != own))


@st.cache_data(max_entries=4, show_spinner='Auditing the labels')
def _findings(settings: Settings, marks: tuple[tuple[int, int], ...]) -> list[Finding]:
    root, folders = settings.data_root, settings.folders
    return run_audit(root, (), settings.rule, allowed=folders)


def offer(findings: Sequence[Finding]) -> None:
    """Let the viewer filter by finding."""
    groups: dict[str, set[str]] = {}
    for finding in findings:
        if finding.file_name:
            groups.setdefault(finding.rule, set()).add(finding.file_name)
    st.session_state[FINDINGS] = {k: frozenset(v) for k, v in groups.items()}
