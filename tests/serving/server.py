"""A service in a thread, around a model that is quick, slow or broken by wish."""

import http.client
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmseg_trash.metainfo import CLASSES, PALETTE
from mmseg_trash.serving.limits import Limits
from mmseg_trash.serving.run import open_server

BROKEN = 13
"""An image of this width breaks the model."""


@dataclass
class Bands:
    """Labels the columns of an image 0, 1, 2 ... from left to right."""

    seconds: float = 0.0
    seen: list[tuple[int, int]] = field(default_factory=list)
    at_once: int = 0
    most: int = 0
    classes = CLASSES
    palette = PALETTE

    def predict(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], None]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        time.sleep(self.seconds)
        self.at_once -= 1
        height, width = image.shape[:2]
        if width == BROKEN:
            raise RuntimeError('broken')
        self.seen.append((height, width))
        row = np.arange(width) * len(CLASSES) // width
        return np.repeat(row[None].astype(np.uint8), height, axis=0), None


@dataclass
class Answer:
    status: int
    kind: str
    body: bytes
    retry_after: str | None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Asks one running service."""

    port: int
    server: Any = None

    def ask(
        self, path: str, body: Any = None, accept: str | None = None, **options: Any
    ) -> Answer:
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            headers = dict(options.pop('headers', {}))
            if accept:
                headers['Accept'] = accept
            method = options.pop('method', 'GET' if body is None else 'POST')
            connection.request(method, path, body, headers, **options)
            found = connection.getresponse()
            kind = found.headers.get_content_type()
            retry = found.headers.get('Retry-After')
            return Answer(found.status, kind, found.read(), retry)
        finally:
            connection.close()


@contextmanager
def running(model: Any, **limits: Any) -> Iterator[Client]:
    """Run a service on a free port; leaving it is its orderly end."""
    server, listener = open_server(model, Limits(**limits), port=0)
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
        assert thread.is_alive()
    try:
        yield Client(port, server)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
        assert not thread.is_alive()


def photograph(width: int = 44, height: int = 30, kind: str = 'PNG') -> bytes:
    """Return a drawn image as a file's bytes."""
    rng = np.random.default_rng(width)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()
