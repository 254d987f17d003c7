"""Tables that several pages show."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from ..metrics.confusion import iou_from_confusion
from ..workbench.album import Album

PERCENT = st.column_config.NumberColumn(format='%.1f')


def class_table(
    album: Album, row: int, matrices: Mapping[str, NDArray[np.int64]]
) -> None:
    """Show objects and pixels of each class of an image, and the IoU of predictions."""
    pixels = album.pixel_counts[row]
    predicted = sum(
        (m.sum(axis=0) for m in matrices.values()), np.zeros(len(album.classes), int)
    )
    shown = np.flatnonzero((pixels > 0) | (predicted > 0))
    table = {
        'Class': [album.classes[label] for label in shown],
        'Objects': album.object_counts[row][shown],
        'Pixels': pixels[shown],
        'Share %': 100 * pixels[shown] / max(1, int(pixels.sum())),
    }
    for title, matrix in matrices.items():
        table[f'IoU {title}'] = 100 * iou_from_confusion(matrix)[shown]
    config = {name: PERCENT for name in table if name.startswith(('IoU', 'Share'))}
    st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config)
