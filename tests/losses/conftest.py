"""A fixture that is every loss in turn."""

import pytest

from mmseg_trash import losses  # noqa: F401 (registers them)

from .cases import CASES, Builder


@pytest.fixture(params=CASES)
def build(request: pytest.FixtureRequest) -> Builder:
    """Return what builds one of the losses."""
    return Builder(CASES[request.param])
