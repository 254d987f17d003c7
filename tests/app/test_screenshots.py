"""Take the pictures of docs/workbench.md: RUN_SLOW=1 SCREENSHOTS=docs."""

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('streamlit')

from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.postprocess.degraded import degraded_members
from mmseg_trash.workbench.album import Album
from mmseg_trash.workbench.predictions import open_predictions

from .browser import application, browser, choose, settled
from .conftest import altered

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif('RUN_SLOW' not in os.environ, reason='set RUN_SLOW=1'),
]
VIEWER = '.viewer[data-ready]'
SHOWN = 'batch_1_000019.jpg'
MOST_BYTES = 320_000


def degraded(label: np.ndarray, seed: int) -> np.ndarray:
    """Return altered labels of which some objects are missing."""
    moved = altered(label, seed)
    return np.where(moved == 1 + seed % 10, 0, moved).astype(np.uint8)


def write_stores(root: Path, folder: Path) -> list[Path]:
    """Write what three imaginary models make of the photograph that is shown."""
    truth = open_predictions(root / 'val.json')
    stores = [folder / f'model_{letter}' for letter in 'abc']
    for path, member in zip(stores, degraded_members(truth, len(stores))):
        ProbStore(path, truth.classes).write(SHOWN, member.probs(SHOWN))
    return stores


def test_pictures(taco_root: Path, project: Path, tmp_path: Path) -> None:
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
    stores = write_stores(taco_root, tmp_path)
    arguments = ['--predictions', *map(str, files + stores)]
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

        page.goto(f'{address}/viewer?ann_file=val.json&image={SHOWN}')
        page.wait_for_selector(VIEWER)
        choose(page, 'prediction_a', files[0].name)
        choose(page, 'prediction_b', files[1].name)
        page.locator('.panel').nth(5).wait_for()
        box = page.locator('.panel canvas').nth(1).bounding_box()
        page.mouse.move(box['x'] + box['width'] * 0.25, box['y'] + box['height'] * 0.75)
        take('viewer')

        page.goto(f'{address}/compare?ann_file=val.json')
        page.wait_for_selector(VIEWER)
        box = page.locator('.st-key-compared input').first
        box.click()
        for _ in files:
            page.keyboard.press('Backspace')
        for path in stores:
            box.click()
            page.get_by_role('option', name=path.name, exact=True).click()
            settled(page)
        page.keyboard.press('Escape')
        page.get_by_text('Post-processing', exact=True).click()
        page.locator('.panel').nth(5).wait_for()
        page.set_viewport_size(dict(width=1400, height=1280))
        take('post_processing')
        page.set_viewport_size(dict(width=1400, height=900))

        page.goto(f'{address}/audit')
        page.wait_for_selector(VIEWER)
        take('audit')

        page.goto(f'{address}/playground?ann_file=train.json')
        page.get_by_text('As a config').wait_for()
        take('playground')
