"""Single pages of the application, run without a browser."""

from streamlit.testing.v1 import AppTest


def page(name: str, **state: object) -> AppTest:
    """Run one page of the application."""
    script = (
        'import streamlit as st\n'
        'from mmseg_trash.app.state import PAGES, guarded\n'
        f'from mmseg_trash.app.views import {name}\n'
        f'guarded({name}.show)()\n'
    )
    test = AppTest.from_string(script, default_timeout=60)
    for key, value in state.items():
        test.session_state[key] = value
    return test.run()


def titles(test: AppTest) -> list[str]:
    """Return the titles of a page."""
    return [element.value for element in test.title]


def ok(test: AppTest) -> AppTest:
    """Return a page that shows no error."""
    assert not test.exception, test.exception
    assert not test.error, test.error
    return test
