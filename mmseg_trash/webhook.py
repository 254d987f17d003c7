"""Post short texts to a webhook, beside the program and never in its way."""

import atexit
import html
import json
import logging
import threading
from queue import SimpleQueue
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from mmengine.logging import print_log


class Webhook:
    """Post texts in Slack's format, ``{"text": ...}``, one after the other.

    A daemon thread does it. What cannot be posted is dropped, and the first such text
    costs a line in the log. The address is a secret and never in a message. At the end
    of the process, the last texts have ``timeout`` seconds to get out.

    Args:
        url: An ``http`` or ``https`` address.
        timeout: Seconds that the server may take to answer.

    Raises:
        ValueError: The address is of another kind.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        if not timeout > 0:
            raise ValueError(f'timeout must be positive, got {timeout}')
        parts = urlsplit(url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise ValueError('a webhook must be an http or https address')
        self._url = url
        self._timeout = timeout
        self._failed = False
        # The only queue that a signal handler may fill while its own thread does so.
        self._texts: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        atexit.register(self.finish)

    def post(self, text: str) -> None:
        """Queue a text; returns at once."""
        self._texts.put(text)

    def finish(self) -> None:
        """Wait ``timeout`` seconds at most for what is queued; the last call."""
        self._texts.put(None)
        self._thread.join(self._timeout)

    def _work(self) -> None:
        """Post until `finish`."""
        while (text := self._texts.get()) is not None:
            try:
                self._send(text)
            except Exception as error:
                self._complain(error)

    def _send(self, text: str) -> None:
        """Post one text."""
        data = json.dumps(dict(text=html.escape(text, quote=False))).encode()
        header = {'Content-Type': 'application/json'}
        request = Request(self._url, data, header, method='POST')
        with urlopen(request, timeout=self._timeout) as answer:
            answer.read(1024)

    def _complain(self, error: Exception) -> None:
        """Log the kind of the first error; its text may hold the address."""
        if self._failed:
            return
        self._failed = True
        kind = type(error).__name__
        if isinstance(error, HTTPError):
            kind = f'status {error.code}'
        elif isinstance(error, URLError):
            kind = type(error.reason).__name__
        print_log(
            f'The webhook takes no notices ({kind}); the run goes on',
            logger='current',
            level=logging.WARNING,
        )
