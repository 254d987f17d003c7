"""One finding of the audit: pictures, and buttons that save decisions."""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ..cli import USER_ERRORS
from ..workbench import layers
from ..workbench.album import Album
from ..workbench.decisions import Decision, read_decisions, write_decisions
from ..workbench.finding import RULES, Finding
from .components import canvas
from .settings import Settings
from .state import look_at, open_album, usable_albums

PLACE, TURN = 'audit_place', 'audit_turn'


def decisions_file(settings: Settings) -> Path:
    """Return the file of the decisions."""
    return Path(settings.decisions or Path(settings.data_root) / 'audit.json')


def saved(settings: Settings) -> list[Decision]:
    """Return what was decided so far."""
    return read_decisions(decisions_file(settings))


def key_of(finding: Finding) -> tuple[str, str, int | None]:
    """Return what a decision about a finding is filed under."""
    return finding.part, finding.file_name, finding.annotation


def _go(place: int) -> None:
    st.session_state[PLACE] = max(0, place)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _decide(
    settings: Settings, finding: Finding, action: str, label: str, place: int
) -> None:
    """Save a decision and go to the next finding."""
    try:
        decision = Decision(*key_of(finding), action, label)
        write_decisions(decisions_file(settings), [*saved(settings), decision])
    except (*USER_ERRORS, OSError, ValueError) as error:
        st.session_state['audit_error'] = str(error)
        return
    # Decided ones leave the list of undecided ones by themselves.
    _go(place if st.session_state.get('audit_open') else place + 1)


def draw(
    settings: Settings,
    findings: list[Finding],
    place: int,
    decisions: dict[Any, Decision],
) -> None:
    """Draw one finding and the buttons."""
    finding = findings[place]
    row = st.container(
        horizontal=True,
        horizontal_alignment='distribute',
        vertical_alignment='center',
    )
    row.subheader(finding.file_name or finding.part, anchor=False)
    with row.container(horizontal=True, width='content'):
        st.markdown(
            f'<div class="place">{place + 1:,} / {len(findings):,}</div>',
            unsafe_allow_html=True,
        )
        for name, by, icon in (('before', -1, 'left'), ('after', 1, 'right')):
            st.button(
                '',
                icon=f':material/chevron_{icon}:',
                key=f'audit_{name}',
                on_click=_go,
                args=((place + by) % len(findings),),
            )
    what = RULES.get(finding.rule, 'a fault of the file')
    where = '' if finding.annotation is None else f', annotation {finding.annotation}'
    st.markdown(f'**{finding.rule.replace("_", " ")}** — {what}{where}')
    st.text(finding.message)
    if 'audit_error' in st.session_state:
        st.error(st.session_state.pop('audit_error'))
    if finding.file_name:
        _buttons(settings, finding, place, decisions.get(key_of(finding)))
        try:
            _pictures(finding)
        except (*USER_ERRORS, OSError) as error:
            st.warning(str(error))


def _buttons(
    settings: Settings, finding: Finding, place: int, decision: Decision | None
) -> None:
    classes = settings.rule.category.classes
    image = finding.annotation is None
    row = st.container(horizontal=True, vertical_alignment='bottom')
    actions = [('keep', 'check'), ('drop', 'delete')]
    actions += [] if image else [('ignore', 'visibility_off')]
    for action, icon in actions:
        row.button(
            action.capitalize(),
            icon=f':material/{icon}:',
            key=f'audit_{action}',
            type='primary' if decision and decision.action == action else 'secondary',
            on_click=_decide,
            args=(settings, finding, action, '', place),
        )
    relabelled = decision is not None and decision.action == 'relabel'
    if not image:
        start = _likely(finding)
        label = row.selectbox(
            'Class',
            classes,
            start,
            # Of its own for each finding, or it would keep the class of the last one.
            key=f'audit_label|{finding}',
            label_visibility='collapsed',
        )
        row.button(
            'Relabel',
            icon=':material/label:',
            key='audit_relabel',
            type='primary' if relabelled else 'secondary',
            on_click=_decide,
            args=(settings, finding, 'relabel', label, place),
        )
    if decision:
        st.caption(f'Decided: {decision.action} {decision.label}')


def _likely(finding: Finding) -> int:
    """Return the label to offer: the suggested one, else the annotation's own."""
    if finding.suggestion is not None:
        return finding.suggestion
    album = open_album(finding.part)
    labels = {
        o.annotation_id: o.label for o in album.outlines(album.row(finding.file_name))
    }
    label = labels.get(finding.annotation or 0, 0)
    return label if label < len(album.classes) else 0


def _pictures(finding: Finding) -> None:
    """Draw the image, the annotation marked, and the other image if there is one."""
    album = open_album(finding.part)
    row = album.row(finding.file_name)
    outlines = album.outlines(row) if album.has_labels else []
    label = album.label_map(row) if album.has_labels else None
    panels = [
        layers.label_panel('Annotations', outlines=outlines),
        layers.label_panel('Label map', label),
    ]
    canvas(
        album,
        finding.file_name,
        album.picture(row),
        panels,
        'audit_canvas',
        None if label is None else np.unique(label).tolist(),
        finding.annotation,
        focus=finding.box,
        on_step=lambda by: _go(st.session_state.get(PLACE, 0) + by),
    )
    if finding.other:
        _other(finding, album)
    if st.button('Open in the viewer', icon=':material/photo_library:'):
        look_at(
            finding.file_name,
            annotation=finding.annotation,
            ann_file=finding.part,
        )


def _other(finding: Finding, album: Album) -> None:
    """Draw the second image of a finding, from whichever JSON has it."""
    for other in [album, *usable_albums().values()]:
        if finding.other in other:
            picture = other.picture(other.row(finding.other))
            st.image(picture, f'{finding.other} in {other.ann_file}', width=420)
            return
