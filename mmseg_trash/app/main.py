"""The script that Streamlit runs: frame and navigation."""

import numpy as np
import streamlit as st
from PIL import Image

from mmseg_trash.app.state import PAGES, guarded
from mmseg_trash.app.views import (
    audit,
    compare,
    explore,
    models,
    playground,
    viewer,
)

STYLE = """
<style>
  .block-container { padding: 2.6rem 2.2rem 3rem; max-width: 1720px; }
  [data-testid="stSidebarUserContent"] hr { margin: .4rem 0; }
  h1 { font-size: 1.55rem !important; font-weight: 650 !important; padding: 0 0 .3rem; }
  h3 { font-size: 1.05rem !important; font-weight: 600 !important; }
  [data-testid="stMetricValue"] { font-size: 1.45rem; }
  .place { white-space: nowrap; line-height: 2.2rem; }
  [data-testid="stHeader"] { background: transparent; }
</style>
"""

TABLE = (
    ('explore', explore.show, 'Explore', 'bar_chart'),
    ('viewer', viewer.show, 'Viewer', 'photo_library'),
    ('audit', audit.show, 'Audit', 'fact_check'),
    ('playground', playground.show, 'Playground', 'tune'),
    ('compare', compare.show, 'Predictions', 'compare'),
    ('models', models.show, 'Models', 'scatter_plot'),
)


def icon() -> Image.Image:
    """Return the page's icon; a named one would be fetched from the network."""
    picture = np.full((32, 32, 3), (15, 110, 86), np.uint8)
    picture[8:24, 8:24] = (255, 255, 255)
    picture[12:24, 12:24] = (216, 154, 60)
    return Image.fromarray(picture)


def main() -> None:
    """Draw the page that the navigation says."""
    st.set_page_config(page_title='mmseg_trash', page_icon=icon(), layout='wide')
    st.html(STYLE)
    PAGES.update(
        {
            name: st.Page(
                guarded(show),
                title=title,
                icon=f':material/{icon}:',
                url_path=name,
                default=name == 'explore',
            )
            for name, show, title, icon in TABLE
        }
    )
    st.navigation(list(PAGES.values())).run()


main()
