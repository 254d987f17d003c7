"""Notices reach a real HTTP server; a dead, slow or missing one changes nothing."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmseg_trash import launch
from mmseg_trash.hooks import NotifyHook

from ..webhook_server import SECRET, Server

SCORES = [10.0, 30.0, 20.0, 40.0]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    monkeypatch.setenv('TRASH_WEBHOOK_URL', made.url)
    monkeypatch.setenv('no_proxy', '*')
    yield made
    made.close()


class Line(BaseModel):
    """One weight."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs: Any, mode: str = 'tensor') -> Any:
        value = self.layer(torch.ones(1, 1)).sum()
        return dict(loss=value**2) if mode == 'loss' else [value]


class Given(BaseMetric):
    """Give the scores one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = iter(SCORES)

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        return dict(mIoU=next(self.scores))


class Break(Hook):
    """Raise at the third iteration."""

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if runner.iter == 2:
            raise FloatingPointError(f'the loss is <nan>\nand {SECRET}-file.jpg')


def train(
    work_dir: Path, monkeypatch: pytest.MonkeyPatch, *hooks: Any, **arguments: Any
) -> str:
    """Train four iterations, an evaluation after each; return the log."""
    work_dir.mkdir(exist_ok=True)
    config = work_dir / 'line.py'
    config.touch()
    loader = DataLoader([dict(inputs=torch.ones(1))] * 2, batch_size=1)
    runner = Runner(
        Line(),
        str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=4, val_interval=1),
        val_cfg=dict(),
        val_evaluator=Evaluator([Given()]),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[NotifyHook(**arguments), *hooks],
        default_scope='mmseg',
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=-1)),
        experiment_name=f'notify_{time.monotonic_ns()}',
        cfg=Config(filename=config),
    )
    monkeypatch.setattr(Runner, 'from_cfg', lambda cfg: runner)
    try:
        launch.run_training(Config())
    finally:
        (log,) = work_dir.glob('*/*.log')
        text = log.read_text()
    return text


def test_messages(server: Server, tmp_path: Path, monkeypatch: Any) -> None:
    before = signal.getsignal(signal.SIGTERM)
    log = train(tmp_path / 'run7', monkeypatch)
    assert signal.getsignal(signal.SIGTERM) is before
    texts = server.wait(5)
    assert set(server.kinds) == {(f'/{SECRET}', 'application/json')}
    fields = [text.split(' | ') for text in texts]
    assert [f[0] for f in fields] == [
        f'{event}: run7' for event in ('start', 'best', 'best', 'best', 'end')
    ]
    assert {f[1] for f in fields} == {'line'}
    assert [f[2] for f in fields[1:]] == [
        f'best mIoU {value}' for value in ('10.00', '30.00', '40.00', '40.00')
    ]
    assert [f[-2] for f in fields] == [f'iteration {i} of 4' for i in (0, 1, 2, 4, 4)]
    assert all(f[-1].startswith('0:00:') for f in fields)
    assert SECRET not in log


def test_a_failure_is_told_and_raised(
    server: Server, tmp_path: Path, monkeypatch: Any
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(FloatingPointError, match='nan'):
        train(tmp_path, monkeypatch, Break(), events=('failure',))
    (text,) = server.wait(1)
    assert 'iteration 2 of 4' in text and 'best mIoU 30.00' in text
    # Slack's three letters are escaped, and one line of the error is enough
    assert text.endswith('| FloatingPointError: the loss is &lt;nan&gt;')
    assert signal.getsignal(signal.SIGTERM) is before


def test_less_is_better_and_events_are_chosen(
    server: Server, tmp_path: Path, monkeypatch: Any
) -> None:
    train(tmp_path, monkeypatch, rule='less', events=('best', 'end'))
    texts = server.wait(2)
    assert [text.split(':')[0] for text in texts] == ['best', 'end']
    assert 'best mIoU 10.00' in texts[-1]


def test_without_an_address_nothing_happens(
    server: Server, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv('TRASH_WEBHOOK_URL')
    number = threading.active_count()
    log = train(tmp_path, monkeypatch)
    assert threading.active_count() == number
    assert not server.texts
    assert 'webhook' not in log.lower()


@pytest.mark.parametrize('status', [404, None])
def test_a_dead_server(tmp_path: Path, monkeypatch: Any, status: int | None) -> None:
    made = Server(status=status or 200)
    if status is None:
        made.close()  # nobody listens at the port any more
    monkeypatch.setenv('TRASH_WEBHOOK_URL', made.url)
    monkeypatch.setenv('no_proxy', '*')
    kept: list[logging.LogRecord] = []
    hook = Keep(kept)
    train(tmp_path, monkeypatch, hook)
    end = time.monotonic() + 10
    while not hook.complaints() and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.1)  # time for a second complaint, which must not come
    kind = 'status 404' if status else 'ConnectionRefusedError'
    assert hook.complaints() == [
        f'The webhook takes no notices ({kind}); the run goes on'
    ]
    if status:
        made.close()


class Keep(Hook):
    """Keep what is logged, after the log file is closed too."""

    priority = 'HIGHEST'

    def __init__(self, kept: list) -> None:
        self.kept = kept

    def before_run(self, runner: Runner) -> None:
        handler = logging.Handler()
        handler.emit = self.kept.append  # type: ignore[method-assign]
        runner.logger.addHandler(handler)

    def complaints(self) -> list[str]:
        texts = [record.getMessage() for record in self.kept]
        assert not any(SECRET in text or '127.0.0.1' in text for text in texts)
        return [text for text in texts if 'webhook' in text.lower()]


@pytest.mark.parametrize('url', [f'ftp://{SECRET}', SECRET, 'https://'])
def test_an_address_of_another_kind(tmp_path: Path, monkeypatch: Any, url: str) -> None:
    monkeypatch.setenv('TRASH_WEBHOOK_URL', url)
    log = train(tmp_path, monkeypatch)
    assert 'TRASH_WEBHOOK_URL: a webhook must be an http or https address' in log
    assert SECRET not in log


def test_a_slow_server_slows_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    made = Server(delay=60)
    monkeypatch.setenv('TRASH_WEBHOOK_URL', made.url)
    monkeypatch.setenv('no_proxy', '*')
    began = time.monotonic()
    train(tmp_path, monkeypatch, timeout=60.0)  # five notices, five minutes
    assert time.monotonic() - began < 30
    assert len(made.wait(1)) == 1
    made.close()


WORKER = """
import sys, time
from types import SimpleNamespace
from mmseg_trash.hooks import NotifyHook
hub = SimpleNamespace(get_info=lambda key, default: default)
runner = SimpleNamespace(cfg=None, experiment_name='line', work_dir='a/run8',
                         iter=3, max_iters=9, message_hub=hub)
NotifyHook().before_train(runner)
print('ready', file=sys.stderr, flush=True)
time.sleep(60)
"""


def test_sigterm_is_told_and_ends_the_process(server: Server) -> None:
    command = [sys.executable, '-c', WORKER]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b'ready\n' in iter(process.stderr.readline, b'')
        process.terminate()
        assert process.wait(30) == -signal.SIGTERM
    first, second = server.wait(2)
    assert first.startswith('start: run8 | line | iteration 3 of 9 | ')
    assert second.startswith('failure: run8') and second.endswith('ended by SIGTERM')


@pytest.mark.parametrize('arguments', [
    dict(events=('begin',)), dict(events='end'), dict(rule='more'), dict(timeout=0),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        NotifyHook(**arguments)
