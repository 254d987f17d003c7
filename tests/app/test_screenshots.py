"""Take the pictures of docs/workbench.md: RUN_SLOW=1 SCREENSHOTS=docs."""

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('streamlit')

from mmseg_trash.inference.submission import write_submission

from .browser import application, browser, choose, settled
from .conftest import altered

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif('RUN_SLOW' not in os.environ, reason='set RUN_SLOW=1'),
]
VIEWER = '.viewer[data-ready]'
MOST_BYTES = 300_000


def degraded(label: np.ndarray, seed: int) -> np.ndarray:
    """Return altered labels of which some objects are missing."""
    moved = altered(label, seed)
    return np.where(moved == 1 + seed % 10, 0, moved).astype(np.uint8)


def test_pictures(taco_root: Path, project: Path, tmp_path: Path) -> None:
    from mmseg_trash.workbench.album import Album

    out = Path(os.environ.get('SCREENSHOTS', tmp_path / 'pictures'))
    out = out if out.is_absolute() else project / out
    album = Album(taco_root, 'val.json')
    files = []
    for seed in (1, 2):
        files.append(tmp_path / f'altered_labels_{seed}.csv')
        rows = (
            (n, degraded(album.label_map(i), seed)) for i, n in enumerate(album.names)
        )
        write_submission(rows, files[-1])
    arguments = ['--predictions', *map(str, files)]
    arguments += ['--decisions', str(tmp_path / 'audit.json')]
    with (
        application(taco_root, *arguments) as address,
        browser(1400, 900) as page,
    ):
        page.set_default_timeout(120_000)

        def take(name: str) -> None:
            settled(page)
            page.wait_for_timeout(2000)
            path = out / f'app_{name}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=path, type='jpeg', quality=82)
            assert 20_000 < path.stat().st_size <= MOST_BYTES

        page.goto(address)
        page.locator('.js-plotly-plot .point path').nth(3).click(force=True)
        page.locator('.gallery .card').first.wait_for()
        take('explore')

        page.goto(f'{address}/viewer?ann_file=val.json&image=batch_1_000019.jpg')
        page.wait_for_selector(VIEWER)
        choose(page, 'prediction_a', files[0].name)
        choose(page, 'prediction_b', files[1].name)
        page.locator('.panel').nth(5).wait_for()
        box = page.locator('.panel canvas').nth(1).bounding_box()
        page.mouse.move(box['x'] + box['width'] * 0.25, box['y'] + box['height'] * 0.75)
        take('viewer')

        page.goto(f'{address}/audit')
        page.wait_for_selector(VIEWER)
        take('audit')

        page.goto(f'{address}/playground?ann_file=train.json')
        page.get_by_text('As a config').wait_for()
        take('playground')
