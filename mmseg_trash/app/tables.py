"""Tables that several pages show."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from ..metrics.confusion import iou_from_confusion
from ..workbench.album import Album

PERCENT = st.column_config.NumberColumn(format='%.1f')
LONG = 14
"""Lines from which on a table scrolls."""


def table(
    content: Mapping[str, Any] | Sequence[Mapping[str, Any]] | pd.DataFrame,
    config: Mapping[str, Any] | None = None,
) -> None:
    """Show a table, whole if it is short; what is not known is a dash.

    Args:
        content: Columns by name, or lines.
        config: How columns are shown.
    """
    frame = pd.DataFrame(content)
    st.dataframe(
        frame,
        hide_index=True,
        height='content' if len(frame) <= LONG else 'auto',
        column_config=dict(config or {}),
        placeholder='–',
    )


def files_key(*files: Any) -> str:
    """Return what changes with predictions or paths, for caches."""
    paths = (getattr(file, 'path', file) for file in files)
    return '|'.join(f'{path}|{path.stat().st_mtime_ns}' for path in paths)


def finite(series: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    """Return series for a chart, with 0 for what is not known."""
    return {title: np.nan_to_num(values).tolist() for title, values in series.items()}


def class_table(
    album: Album, row: int, matrices: Mapping[str, NDArray[np.int64]]
) -> None:
    """Show objects and pixels of each class of an image, and the IoU of predictions."""
    pixels = album.pixel_counts[row]
    predicted = sum(
        (m.sum(axis=0) for m in matrices.values()), np.zeros(len(album.classes), int)
    )
    shown = np.flatnonzero((pixels > 0) | (predicted > 0))
    columns: dict[str, Any] = {
        'Class': [album.classes[label] for label in shown],
        'Objects': album.object_counts[row][shown],
        'Pixels': pixels[shown],
        'Share %': 100 * pixels[shown] / max(1, int(pixels.sum())),
    }
    for title, matrix in matrices.items():
        columns[f'IoU {title}'] = 100 * iou_from_confusion(matrix)[shown]
    config = {name: PERCENT for name in columns if name.startswith(('IoU', 'Share'))}
    table(columns, config)
