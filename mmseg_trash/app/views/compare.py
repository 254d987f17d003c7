"""Predictions: several of them on one image, and over a whole set."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ...workbench.album import Album
from ..compare_charts import changes, classes, sizes
from ..compare_image import image
from ..post_process import post_process
from ..score_charts import scores
from ..state import choose_album, load_predictions, offered_predictions

MOST = 4
Members = dict[str, Any]


def show() -> None:
    """Draw the page."""
    album = choose_album()
    st.title('Predictions', anchor=False)
    offered = offered_predictions()
    if not offered:
        st.info(
            'No predictions: put submission CSVs or stores of probabilities into the '
            'data root, or name files with `tools/app.py DATA_ROOT --predictions PATH`.'
        )
        return
    names = list(offered)
    chosen = st.multiselect(
        'Predictions, up to four; the first two are before and after',
        names,
        names[:2],
        max_selections=MOST,
        key='compared',
    )
    if not chosen:
        return
    members = {name: load_predictions(offered[name]) for name in chosen}
    sections: dict[str, Callable[[Album, Members], None]] = {'Image': image}
    if album.has_labels:
        sections |= {'Scores': scores, 'Sizes': sizes}
    sections['Classes'] = classes
    if len(members) > 1:
        sections['Changes'] = changes
    if any(member.kind == 'store' for member in members.values()):
        sections['Post-processing'] = post_process
    picked = st.segmented_control(
        'Section',
        list(sections),
        default='Image',
        key='compare_section',
        label_visibility='collapsed',
        required=True,
    )
    sections.get(picked or 'Image', image)(album, members)
