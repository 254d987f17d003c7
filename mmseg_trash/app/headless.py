"""The application on a free port and a browser for it, for tests and measurements."""

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

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'app.py'
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
OPTIONS = ('--no-sandbox', '--disable-gpu')
"""What a browser needs without a screen."""
SECONDS = 60.0


def find_browser() -> str | None:
    """Return the path of the first of `BROWSERS` that is installed, if any."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


@contextlib.contextmanager
def application(root: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Serve a data root on a free port; yield the address once it answers.

    Args:
        root: The data root.
        arguments: Further ones of tools/app.py.
        environment: Variables beside those of this process.

    Raises:
        ChildProcessError: The application ended, or does not answer.
    """
    with socket.socket() as probe:
        probe.bind(('localhost', 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, str(TOOL), str(root)),
            *('--port', str(port), '--no-browser', *arguments),
        ],
        cwd=TOOL.parents[1],
        env={**os.environ, 'OMP_NUM_THREADS': '1', **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f'http://localhost:{port}'
    try:
        end = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f'{address}/_stcore/health', timeout=2)
                break
            if process.poll() is not None or time.monotonic() > end:
                raise ChildProcessError(f'{root}: the application does not answer')
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)
