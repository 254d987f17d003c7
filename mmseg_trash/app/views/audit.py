"""Audit: suspicious labels, the worst first, and what was decided about them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from ...workbench.album import Album
from ...workbench.audit import run_audit
from ...workbench.decisions import Decision
from ...workbench.finding import Finding, rank
from ...workbench.quality import label_quality, quality_findings
from .. import audit_card
from ..audit_card import PLACE, TURN, decisions_file, key_of, saved
from ..settings import Settings, read_settings
from ..state import (
    FINDINGS,
    choose_album,
    choose_predictions,
    open_survey_of,
    stamp,
)


def show() -> None:
    """Draw the page."""
    album = choose_album()
    settings = read_settings()
    with st.sidebar:
        member = choose_predictions('Out-of-fold probabilities', 'audit_member')
    st.title('Audit', anchor=False)
    findings = _findings(settings, _marks(Path(settings.data_root)))
    if member is not None:
        found = _quality(album, member, f'{album.json_path}|{member.path}')
        findings = rank([*findings, *found])
    _offer(findings)
    decisions = {decision.key: decision for decision in saved(settings)}
    chosen = _filter(findings, decisions)
    if not chosen:
        st.info('Nothing is left to decide here.', icon=':material/task_alt:')
        return
    place = min(st.session_state.get(PLACE, 0), len(chosen) - 1)
    listed, shown = st.columns([4, 6], gap='large')
    with listed:
        place = _table(chosen, decisions, place)
    with shown:
        audit_card.draw(settings, chosen, place, decisions)


def _marks(root: Path) -> tuple[tuple[int, int], ...]:
    files = [*sorted(root.glob('*.json')), *sorted((root / 'folds').glob('*.txt'))]
    return tuple(
        stamp(path) for path in files if path != decisions_file(read_settings())
    )


@st.cache_data(max_entries=4, show_spinner='Auditing the labels')
def _findings(settings: Settings, marks: tuple[tuple[int, int], ...]) -> list[Finding]:
    return run_audit(settings.data_root, (), settings.rule)


@st.cache_data(max_entries=4, show_spinner='Scoring the labels')
def _quality(_album: Album, _member: Any, key: str) -> list[Finding]:
    survey = open_survey_of(_album)
    return quality_findings(survey, label_quality(survey, _member))


def _offer(findings: list[Finding]) -> None:
    """Let the viewer filter by finding."""
    groups: dict[str, set[str]] = {}
    for finding in findings:
        if finding.file_name:
            groups.setdefault(finding.rule, set()).add(finding.file_name)
    st.session_state[FINDINGS] = {k: frozenset(v) for k, v in groups.items()}


def _filter(findings: list[Finding], decisions: dict[Any, Decision]) -> list[Finding]:
    counts = Counter(finding.rule for finding in findings)
    left, middle, right = st.columns([5, 3, 2], vertical_alignment='bottom')
    rules = left.multiselect(
        'Kinds',
        list(counts),
        format_func=lambda rule: f'{rule.replace("_", " ")} ({counts[rule]})',
        placeholder=f'all {len(findings)} findings',
        key='audit_rules',
    )
    parts = sorted({finding.part for finding in findings})
    part = middle.selectbox('File', ['all files', *parts], key='audit_part')
    undecided = right.toggle('Only undecided', key='audit_open')
    return [
        finding
        for finding in findings
        if (not rules or finding.rule in rules)
        and part in ('all files', finding.part)
        and not (undecided and key_of(finding) in decisions)
    ]


def _table(findings: list[Finding], decisions: dict[Any, Decision], place: int) -> int:
    """Draw the ranked list; return the place of the chosen finding."""
    lines = [
        {
            'Score': finding.score,
            'Kind': finding.rule.replace('_', ' '),
            'Image': finding.file_name or finding.part,
            'Decision': decisions[key_of(finding)].action
            if key_of(finding) in decisions
            else '',
        }
        for finding in findings
    ]
    done = sum(key_of(finding) in decisions for finding in findings)
    st.caption(f'{len(findings):,} findings, {done:,} decided')
    event = st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        height=620,
        on_select='rerun',
        selection_mode='single-row',
        selection_default={'selection': {'rows': [place]}},
        key=f'audit_table|{st.session_state.get(TURN, 0)}',
        column_config={
            'Score': st.column_config.ProgressColumn(
                'Score', min_value=0, max_value=1, format='%.2f', width='small'
            )
        },
    )
    rows = list(event['selection']['rows'])
    if rows and rows[0] < len(findings):
        place = int(rows[0])
    st.session_state[PLACE] = place
    return place
