import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip('streamlit')

from .browser import application, browser, choose, settled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif('RUN_SLOW' not in os.environ, reason='set RUN_SLOW=1'),
]
VIEWER = '.viewer[data-ready]'


def test_click_filter_and_hover(app_root: Path, tmp_path: Path) -> None:
    decisions = tmp_path / 'decisions.json'
    with (
        application(app_root, '--decisions', str(decisions)) as address,
        browser() as page,
    ):
        complaints: list[str] = []
        page.on('pageerror', lambda error: complaints.append(str(error)))

        # A bar leads to its images, an image to the viewer.
        page.goto(address)
        page.locator('.js-plotly-plot .point path').nth(2).wait_for()
        bars = page.locator('.js-plotly-plot .point path')
        heights = [bars.nth(i).bounding_box()['height'] for i in range(bars.count())]
        bars.nth(heights.index(max(heights))).click(force=True)
        page.locator('.gallery .card').first.click()
        page.wait_for_selector(VIEWER)
        settled(page)
        name = page.locator('h1').inner_text()

        # The pointer names the class; a chip hides it; the arrow leads on.
        canvas = page.locator('.panel canvas').nth(1)
        box = canvas.bounding_box()
        seen = set()
        for step in range(1, 20):
            x, y = box['width'] * step / 20, box['height'] * step / 20
            page.mouse.move(box['x'] + x, box['y'] + y)
            seen.add(page.locator('.panel .under').nth(1).inner_text().strip())
        assert 'Background' in seen
        before = canvas.screenshot()
        page.get_by_role('button', name='all / none').click()
        assert page.locator('.chip[aria-pressed=false]').count() == 10
        assert canvas.screenshot() != before
        page.get_by_role('button', name='all / none').click()
        box = canvas.bounding_box()
        page.mouse.move(box['x'] + 50, box['y'] + 50)
        plain = canvas.screenshot()
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(200)
        assert canvas.screenshot() != plain
        page.locator('.viewer').focus()
        page.keyboard.press('ArrowRight')
        settled(page)
        assert page.locator('h1').inner_text() != name

        # Another file, predictions beside the truth.
        choose(page, 'ann_file', 'val.json')
        choose(page, 'prediction_a', 'altered_1.csv')
        page.locator('.panel').nth(3).wait_for()
        assert page.locator('.panel .title').all_inner_texts()[-1] == 'Errors'

        # A decision of the audit stays.
        page.goto(f'{address}/audit')
        page.wait_for_selector(VIEWER)
        page.get_by_role('button', name='Keep').click()
        settled(page)
        assert '"keep"' in decisions.read_text()
        assert not complaints


def test_the_whole_field_of_a_map_can_be_clicked(app_root: Path) -> None:
    with application(app_root) as address, browser() as page:
        page.goto(address)
        page.locator('.js-plotly-plot .point path').nth(2).wait_for()
        page.get_by_text('Together', exact=True).click()
        settled(page)
        box = page.locator('.js-plotly-plot .hm image').first.bounding_box()
        wide, high = box['width'] / 10, box['height'] / 10
        # Near the left edge of the field of Plastic (column 5) and Metal (line 3).
        page.mouse.move(box['x'] + 5 * wide + 4, box['y'] + 3.5 * high)
        page.wait_for_timeout(300)
        page.mouse.click(box['x'] + 5 * wide + 4, box['y'] + 3.5 * high)
        settled(page)
        heading = page.locator('h3').first.inner_text()
        assert 'Metal · Plastic' in heading, heading


def test_nothing_but_the_application_is_served(app_root: Path) -> None:
    with application(app_root) as address:
        for path in ('/app/static/main.py', '/media/../../etc/passwd', '/train.json'):
            try:
                with urllib.request.urlopen(address + path, timeout=5) as answer:
                    content = answer.read()
            except urllib.error.HTTPError:
                continue
            # Unknown paths are answered by the application's own page.
            assert b'<div id="root">' in content
