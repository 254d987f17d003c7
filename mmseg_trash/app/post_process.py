"""What CRF, write-back and clean-up change in one image."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
import yaml

from ..metrics.confusion import iou_from_confusion
from ..postprocess.batch import Ensemble
from ..postprocess.crf_params import PRESETS
from ..postprocess.order import PostProcess
from ..workbench import layers
from ..workbench.album import Album
from ..workbench.changes import AGAINST_TRUTH, WITHOUT_TRUTH
from ..workbench.post_steps import StepResult, post_steps
from ..workbench.viewer import mean_iou
from .compare_image import CHANGE, choose_image, leaf
from .components import canvas
from .tables import PERCENT, files_key, table

NONE = 'none'
Section = dict[str, Any]


def post_process(album: Album, members: Mapping[str, Any]) -> None:
    """Draw the steps over the mean of all chosen stores."""
    stores = {title: m for title, m in members.items() if m.kind == 'store'}
    name = choose_image(album, stores)
    if name is None:
        return
    rest = [title for title in members if title not in stores]
    st.caption(
        f'Mean of {", ".join(stores)}, each of which is a member for write-back'
        + (f'; {", ".join(rest)}: no probabilities, left out' if rest else '')
    )
    section = _controls()
    key = files_key(album.json_path, *stores.values())
    steps = _steps(album, list(stores.values()), name, json.dumps(section), key)
    _picture(album, name, steps)
    _tables(album, steps)


@st.cache_data(max_entries=48, show_spinner='Post-processing')
def _steps(
    _album: Album, _members: list[Any], name: str, section: str, key: str
) -> list[StepResult]:
    post = PostProcess.from_dict(json.loads(section), _album.classes)
    probs, labels = Ensemble(_members, [1.0] * len(_members)).read(name)
    row = _album.row(name)
    image = _album.picture(row) if post.needs_image else None
    truth = _album.label_map(row) if _album.has_labels else None
    return post_steps(post, image, probs, labels, truth)


def _controls() -> Section:
    """Draw switches and sliders; return the section `postprocess:` of a recipe."""
    section: Section = {}
    columns = st.columns(3, gap='large')
    with columns[0]:
        names = [NONE, *PRESETS]
        preset = st.selectbox(
            'CRF',
            names,
            names.index('pydensecrf'),
            key='post_crf',
            help='The presets of docs/postprocessing.md. Fifty updates, or a kernel '
            'that is narrow in colour, take several seconds.',
        )
        if preset != NONE:
            usual = PRESETS[preset].iterations
            updates = st.slider('Updates', 1, 50, usual, key=f'post_updates|{preset}')
            changed = dict(preset=preset, iterations=updates)
            section['crf'] = preset if updates == usual else changed
    with columns[1]:
        if st.toggle('Write-back', True, key='post_back'):
            low, high = st.slider(
                'Area of an object, pixels', 1, 4096, (16, 1024), key='post_area'
            )
            agreement = st.slider(
                'Agreement of the members', 0.51, 1.0, 1.0, key='post_agreement'
            )
            section['write_back'] = dict(
                min_area=low, max_area=high, agreement=agreement
            )
    with columns[2]:
        if st.toggle('Clean-up', key='post_clean'):
            sizes = st.columns(2)
            section['clean_up'] = dict(
                min_size=int(sizes[0].number_input('Least size', 0, None, 50)),
                max_hole=int(sizes[1].number_input('Largest hole', 0, None, 0)),
                window=st.select_slider('Majority window', (1, 3, 5, 7, 9, 11)),
            )
    with st.expander('As a section of a recipe'):
        text = yaml.safe_dump(dict(postprocess=section), sort_keys=False)
        st.code(text, language='yaml')
    return section


def _picture(album: Album, name: str, steps: list[StepResult]) -> None:
    """Draw what each step makes above what it changed."""
    row = album.row(name)
    named = AGAINST_TRUTH if album.has_labels else WITHOUT_TRUTH
    made, changed = [], []
    for step in steps:
        note = '' if step.matrix is None else _score(step)
        made.append(layers.label_panel(_title(step), step.label, note=note))
        number = f'{step.changed:,} pixels'
        title = f'Changed by {step.name}'
        changed.append(layers.change_panel(title, step.marks, named, number, CHANGE))
    if album.has_labels:
        changed[0] = layers.label_panel('Truth', album.label_map(row))
    else:
        changed[0] = layers.plain_panel('Photograph')
    present = set(np.concatenate([np.unique(step.label) for step in steps]).tolist())
    if album.has_labels:
        present |= set(np.unique(album.label_map(row)).tolist())
    canvas(
        album,
        name,
        album.picture(row),
        [*made, *changed],
        'post_canvas',
        sorted(present),
        columns=len(steps),
        on_step=leaf,
    )


def _title(step: StepResult) -> str:
    return step.name[:1].upper() + step.name[1:]


def _score(step: StepResult) -> str:
    assert step.matrix is not None
    return f'mIoU by image {100 * mean_iou(step.matrix):.1f}'


def _tables(album: Album, steps: list[StepResult]) -> None:
    """Draw what each step changed, in figures."""
    if len(steps) == 1:
        st.info('No step is switched on.')
        return
    lines = []
    for step in steps:
        line: dict[str, Any] = {'Step': _title(step), 'Pixels changed': step.changed}
        line['Of the image, %'] = 100 * step.changed / step.label.size
        if step.matrix is not None:
            line |= {k.capitalize(): n for k, n in zip(AGAINST_TRUTH, step.kinds)}
            line['mIoU by image'] = 100 * mean_iou(step.matrix)
        lines.append(line)
    config: dict[str, Any] = {'mIoU by image': PERCENT}
    config['Of the image, %'] = st.column_config.NumberColumn(format='%.2f')
    table(lines, config)
    left, right = st.columns(2, gap='large')
    with left:
        st.subheader('What becomes what', anchor=False)
        pairs = [
            {
                'Step': _title(step),
                'From': album.classes[a],
                'To': album.classes[b],
                'Pixels': number,
            }
            for step in steps
            for a, b, number in step.pairs()
        ]
        table(pd.DataFrame(pairs, columns=['Step', 'From', 'To', 'Pixels']))
    matrices = {_title(s): s.matrix for s in steps if s.matrix is not None}
    if not matrices:
        return
    with right:
        st.subheader('IoU of each class, %', anchor=False)
        ious = {title: iou_from_confusion(m) for title, m in matrices.items()}
        known = [
            label
            for label in range(len(album.classes))
            if any(not np.isnan(iou[label]) for iou in ious.values())
        ]
        columns: dict[str, Any] = {'Class': [album.classes[k] for k in known]}
        columns |= {title: 100 * iou[known] for title, iou in ious.items()}
        table(columns, dict.fromkeys(ious, PERCENT))
