"""Time the application's pages in a headless Chromium, from request to picture.

Needs the extra `app`, playwright and a Chromium. Without a data root, data of the
competition's size are drawn first.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mmseg_trash.app.headless import OPTIONS, application, find_browser
from mmseg_trash.cli import run

CHART = '.js-plotly-plot .point path'
VIEWER = '.viewer[data-ready]'


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', nargs='?', type=Path, help='with train.json')
    parser.add_argument('--images', type=int, default=3272, help='to draw')
    parser.add_argument('--drawn', type=int, default=60, help='scenes among them')
    parser.add_argument('--sessions', type=int, default=3)
    return parser.parse_args(argv)


def measure(address: str, sessions: int, timed: Callable) -> None:
    """Open the pages in sessions of one browser, whose cache is empty at first.

    A picture on the page ends each time.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=find_browser(), args=list(OPTIONS)
        )
        context = chromium.new_context(viewport=dict(width=1500, height=950))
        for number in range(sessions):
            page: Any = context.new_page()
            page.set_default_timeout(60_000)

            def opened(path: str, wanted: str, page: Any = page) -> None:
                page.goto(f'{address}/{path}')
                page.locator(wanted).first.wait_for(state='attached')

            def moved(page: Any = page) -> None:
                title = page.locator('h1').inner_text()
                page.locator('.st-key-next button').first.click()
                page.locator('h1', has_not_text=title).wait_for()
                page.locator(VIEWER).wait_for()

            said = f'session {number + 1}: '
            timed(said + 'explore', lambda: opened('explore', CHART))
            timed(said + 'viewer', lambda: opened('viewer', VIEWER))
            timed(said + 'next image', moved)
            page.close()
        chromium.close()


def main(argv: list[str] | None = None) -> None:
    """Print seconds for each page, with an empty cache and with a full one."""
    args = parse_args(argv)
    from mmseg_trash.workbench.benchmark import make_data

    table = Table('step', 'seconds')

    def timed(name: str, step: Callable) -> None:
        start = time.perf_counter()
        step()
        table.add_row(name, f'{time.perf_counter() - start:.2f}')

    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder, 'data'), Path(folder, 'cache')
        if args.data_root:
            root = args.data_root
        else:
            root.mkdir()
            make_data(root, args.images, args.drawn)
        for title, sessions in (('empty cache', 1), ('full cache', args.sessions)):
            table.add_section()
            table.add_row(f'new server, {title}', '')
            with application(root, MMSEG_TRASH_CACHE=str(cache)) as address:
                measure(address, sessions, timed)
    Console().print(table)


if __name__ == '__main__':
    run(main)
