"""Models: what those of the zoo cost, and what they score."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import streamlit as st

from ...workbench.models import model_rows
from ..model_charts import against_score, sizes
from ..settings import read_settings
from ..tables import PERCENT


def show() -> None:
    """Draw the page."""
    st.title('Models', anchor=False)
    rows = model_rows(Path(read_settings().configs).resolve().parent)
    st.subheader('Parameters against FLOPs', anchor=False)
    unique = list({model.config: model for model in rows}.values())
    sizes(unique)
    scored = [model for model in rows if model.miou is not None]
    number = Counter(model.data for model in scored)
    # One point alone says nothing; it stands in the table.
    data = [name for name in sorted(number) if number[name] > 1]
    if data:
        st.subheader('Global mIoU against cost', anchor=False)
        shown = st.selectbox('Measured on', data, key='models_data', width=420)
        kept = [model for model in scored if model.data == shown]
        against_score(kept, 'zoo', lambda model: model.method)
    st.caption(
        'What stores of your own score against their cost stands under Predictions, '
        'Scores.'
    )
    st.subheader(f'All {len(unique)} configs', anchor=False)
    table = pd.DataFrame([asdict(model) for model in rows])
    table['parameters'] /= 1e6
    table['flops'] /= 1e9
    names = ['Config', 'Method', 'Params (M)', 'GFLOPs', 'Images/s', 'mIoU', 'Data']
    table.columns = pd.Index(names)
    st.dataframe(
        table,
        hide_index=True,
        height=420,
        column_config=dict.fromkeys(names[2:6], PERCENT),
        placeholder='–',
    )
    st.caption('FLOPs for one image of 512 × 512, twice the multiply-accumulates.')
