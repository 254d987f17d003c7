"""Audit: suspicious labels, the worst first, and what was decided about them."""

from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from ...cli import USER_ERRORS
from ...workbench.album import Album
from ...workbench.decisions import Decision
from ...workbench.finding import Finding, rank
from ...workbench.quality import label_quality, quality_findings
from .. import audit_card
from ..audit_card import PLACE, TURN, key_of, saved
from ..findings import find_all, offer
from ..settings import read_settings
from ..state import choose_album, choose_predictions, open_survey_of


def show() -> None:
    """Draw the page."""
    settings = read_settings()
    st.title('Audit', anchor=False)
    findings = rank([*find_all(settings), *_doubts()])
    offer(findings)
    decisions = {decision.key: decision for decision in saved(settings)}
    chosen = _filter(findings, decisions)
    if not chosen:
        st.info('Nothing is left to decide here.', icon=':material/task_alt:')
        return
    place = min(st.session_state.get(PLACE, 0), len(chosen) - 1)
    listed, shown = st.columns([45, 55], gap='large')
    with listed:
        place = _table(chosen, decisions, place)
    with shown:
        audit_card.draw(settings, chosen, place, decisions)


def _doubts() -> list[Finding]:
    """Offer probabilities in the sidebar; return what they make doubtful.

    A JSON with faults is no reason not to list them.
    """
    try:
        album = choose_album()
        with st.sidebar:
            member = choose_predictions('Out-of-fold probabilities', 'audit_member')
        if member is None:
            return []
        return _quality(album, member, f'{album.json_path}|{member.path}')
    except (*USER_ERRORS, OSError) as error:
        st.error(str(error), icon=':material/error:')
        return []


@st.cache_data(max_entries=4, show_spinner='Scoring the labels')
def _quality(_album: Album, _member: Any, key: str) -> list[Finding]:
    survey = open_survey_of(_album)
    return quality_findings(survey, label_quality(survey, _member))


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
            ),
            'Kind': st.column_config.TextColumn(width=120),
        },
    )
    rows = list(event['selection']['rows'])
    if rows and rows[0] < len(findings):
        place = int(rows[0])
    st.session_state[PLACE] = place
    return place
