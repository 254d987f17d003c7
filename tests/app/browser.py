"""A running application and a headless browser on it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')


@contextlib.contextmanager
def application(root: Path, *arguments: str) -> Iterator[str]:
    """Serve a data root on a free port; yield the address."""
    with socket.socket() as probe:
        probe.bind(('localhost', 0))
        port = probe.getsockname()[1]
    project = Path(__file__).parents[2]
    process = subprocess.Popen(
        [
            *(sys.executable, str(project / 'tools' / 'app.py'), str(root)),
            *('--port', str(port), '--no-browser', *arguments),
        ],
        cwd=project,
        env=dict(os.environ, OMP_NUM_THREADS='1'),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f'http://localhost:{port}'
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f'{address}/_stcore/health', timeout=2)
                break
            assert process.poll() is None, 'the application ended'
            time.sleep(0.25)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def browser(width: int = 1500, height: int = 950) -> Iterator[Any]:
    """Open a page in a headless browser, or skip where there is none."""
    playwright = pytest.importorskip('playwright.sync_api')
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f'no browser: none of {", ".join(NAMES)}')
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=found, args=['--no-sandbox', '--disable-gpu']
        )
        page = chromium.new_page(viewport=dict(width=width, height=height))
        page.set_default_timeout(40_000)
        try:
            yield page
        finally:
            chromium.close()


def settled(page: Any) -> None:
    """Wait until the application has drawn what it was asked for."""
    page.wait_for_timeout(400)
    page.wait_for_function(
        "!document.querySelector('[data-testid=stApp][data-test-script-state=running],"
        "[data-testid=stSpinner]')"
    )
    page.wait_for_timeout(600)


def choose(page: Any, key: str, text: str) -> None:
    """Choose an entry of a select box."""
    page.locator(f'.st-key-{key} input').first.click()
    page.get_by_role('option', name=text, exact=True).click()
    settled(page)
