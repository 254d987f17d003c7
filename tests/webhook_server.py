"""A webhook on this machine."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = 'T0-a-secret'


class Server:
    """A webhook that keeps what it is sent.

    Args:
        delay: Seconds before it answers.
        status: What it answers.
    """

    def __init__(self, delay: float = 0.0, status: int = 200) -> None:
        self.texts: list[str] = []
        self.kinds: list[tuple[str, str | None]] = []
        self.released = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers['Content-Length']))
                owner.kinds.append((self.path, self.headers['Content-Type']))
                owner.texts.append(json.loads(body)['text'])
                owner.released.wait(delay)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.http.server_port}/{SECRET}'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def wait(self, number: int) -> list[str]:
        """Wait until so many texts have come."""
        end = time.monotonic() + 10
        while len(self.texts) < number and time.monotonic() < end:
            time.sleep(0.01)
        return self.texts

    def close(self) -> None:
        """Answer what waits and stop."""
        self.released.set()
        self.http.shutdown()
        self.http.server_close()
