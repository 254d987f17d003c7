"""What a webhook's thread does to the end of a process."""

import subprocess
import sys
import time

import pytest

from mmseg_trash.webhook import Webhook

from .webhook_server import Server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('no_proxy', '*')


def test_the_end_waits() -> None:
    server = Server(delay=0.3)
    webhook = Webhook(server.url, timeout=20)
    for text in ('one', 'two'):
        webhook.post(text)
    webhook.finish()
    assert server.texts == ['one', 'two']
    server.close()


def test_but_not_for_long() -> None:
    server = Server(delay=60)
    webhook = Webhook(server.url, timeout=0.5)
    webhook.post('one')
    began = time.monotonic()
    webhook.finish()
    assert 0.4 < time.monotonic() - began < 20
    server.close()


def test_a_process_that_ends_posts_what_is_queued() -> None:
    server = Server(delay=0.3)
    code = f'from mmseg_trash.webhook import Webhook; Webhook({server.url!r}).post("x")'
    subprocess.run([sys.executable, '-c', code], check=True)
    assert server.texts == ['x']
    server.close()


def test_refuses_what_cannot_work() -> None:
    with pytest.raises(ValueError, match='must be an http or https address') as caught:
        Webhook('file:///etc/secret')
    assert 'secret' not in str(caught.value)
    with pytest.raises(ValueError, match='got 0'):
        Webhook('http://localhost', timeout=0)
