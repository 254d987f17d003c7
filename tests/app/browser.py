"""A headless browser on a running application."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from mmseg_trash.app.headless import BROWSERS, OPTIONS, application, find_browser

__all__ = ['application', 'browser', 'choose', 'settled']


@contextlib.contextmanager
def browser(width: int = 1500, height: int = 950) -> Iterator[Any]:
    """Open a page in a headless browser, or skip where there is none."""
    playwright = pytest.importorskip('playwright.sync_api')
    found = find_browser()
    if found is None:
        pytest.skip(f'no browser: none of {", ".join(BROWSERS)}')
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=list(OPTIONS))
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
