"""The service over real connections."""

import io
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

pytest.importorskip('starlette')
pytest.importorskip('uvicorn')

from pycocotools import mask as coco_mask

from mmseg_trash.errors import ConfigError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.serving.limits import Limits
from mmseg_trash.serving.run import open_server

from .server import BROKEN, Bands, Client, photograph, running

EXPECTED = Bands().predict(np.zeros((30, 44, 3), np.uint8))[0]


def test_every_output_by_name_and_by_accept() -> None:
    with running(Bands()) as client:
        label = client.ask('/segment', photograph())
        assert (label.status, label.kind) == (200, 'image/png')
        picture = Image.open(io.BytesIO(label.body))
        assert picture.mode == 'P' and (np.asarray(picture) == EXPECTED).all()
        areas = client.ask('/segment?output=areas', photograph(kind='JPEG'))
        assert areas.kind == 'application/json'
        assert (areas.json['width'], areas.json['height']) == (44, 30)
        assert len(areas.json['areas']) == len(CLASSES)
        assert all(area['pixels'] == 120 for area in areas.json['areas'])
        assert sum(area['share'] for area in areas.json['areas']) == pytest.approx(1)
        rle = client.ask('/segment?output=rle', photograph(kind='WEBP'))
        found = rle.json['annotations']
        assert [entry['category_id'] for entry in found] == [*range(1, len(CLASSES))]
        for entry in found:
            mask = coco_mask.decode(entry['segmentation']).astype(bool)
            assert (mask == (entry['category_id'] == EXPECTED)).all()
            assert entry['category_name'] == CLASSES[entry['category_id']]
            assert (entry['area'], entry['bbox'][2:]) == (120, [4, 30])
        overlay = client.ask('/segment?output=overlay', photograph(kind='BMP'))
        assert Image.open(io.BytesIO(overlay.body)).size == (44, 30)
        for accept, body in (
            ('application/json', areas.body),
            ('text/html, application/vnd.coco+json;q=.9', rle.body),
            ('image/jpeg', overlay.body),
            ('image/*', label.body),
        ):
            answer = client.ask('/segment', photograph(), accept)
            assert answer.status == 200 and answer.body[:9] == body[:9]
        assert client.ask('/model').json['classes'] == list(CLASSES)
        assert client.ask('/health').json == dict(status='ok', taken=0, places=16)


def bomb(side: int) -> bytes:
    """Return the beginning of a huge PNG."""
    content = b'\x89PNG\r\n\x1a\n'
    header = struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)
    for kind, data in ((b'IHDR', header), (b'IDAT', zlib.compress(bytes(999)))):
        crc = zlib.crc32(kind + data)
        content += struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)
    return content


def test_bad_requests_are_refused_and_the_service_lives() -> None:
    model = Bands()
    png, jpeg = photograph(), photograph(kind='JPEG')
    with running(model, upload=100_000, pixels=10_000) as client:
        for status, path, body, accept in (
            (400, '/segment', b'', None),
            (415, '/segment', b'no image at all', None),
            (415, '/segment', photograph(kind='GIF'), None),
            (400, '/segment', png[:-30], None),
            (400, '/segment', jpeg[: len(jpeg) // 2], None),
            (413, '/segment', photograph(200, 100), None),
            (413, '/segment', bomb(5_000), None),
            (413, '/segment', bomb(60_000), None),
            (413, '/segment', bytes(100_001), None),
            (413, '/segment', (bytes(50_000) for _ in range(3)), None),
            (400, '/segment?output=mask', png, None),
            (406, '/segment', png, 'text/html'),
            (500, '/segment', photograph(BROKEN), None),
            (404, '/segments', png, None),
        ):
            answer = client.ask(path, body, accept)
            assert answer.status == status, (answer, path, accept)
            assert status == 404 or answer.json['error']
            assert client.ask('/segment', png).status == 200
        assert client.ask('/segment', method='GET').status == 405
        assert client.ask('/health').json['taken'] == 0
        assert 'trash_requests_total{status="413"} 5' in metrics(client)
    assert set(model.seen) == {(30, 44)}


def metrics(client: Client) -> list[str]:
    return client.ask('/metrics').body.decode().splitlines()


def test_under_load_every_request_is_answered() -> None:
    model = Bands(seconds=0.005)
    refused: Counter[int] = Counter()
    sizes = [(20 + number % 40, 20) for number in range(120)]

    def persist(size: tuple[int, int]) -> None:
        for _ in range(400):
            answer = client.ask('/segment', photograph(*size))
            if answer.status == 200:
                assert Image.open(io.BytesIO(answer.body)).size == size
                return
            refused[answer.status] += 1
            assert answer.retry_after is not None and int(answer.retry_after) >= 1
            time.sleep(0.02)
        raise AssertionError('never answered')

    with running(model, places=3) as client, ThreadPoolExecutor(24) as pool:
        list(pool.map(persist, sizes))
        assert set(refused) == {503} and refused[503] > 0
        assert model.most == 1  # the model is never asked by two at a time
        assert sorted(model.seen) == sorted((h, w) for w, h in sizes)
        lines = metrics(client)
        assert 'trash_requests_total{status="200"} 120' in lines
        assert f'trash_requests_total{{status="503"}} {refused[503]}' in lines
        assert f'trash_request_seconds_count {120 + refused[503]}' in lines
        assert 'trash_places_taken 0' in lines


def test_what_takes_too_long_is_given_up_but_keeps_its_place() -> None:
    model = Bands(seconds=0.6)
    with running(model, seconds=0.2, places=2) as client:
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(client.ask, '/segment', photograph()) for _ in range(2)]
            assert [one.result().status for one in both] == [504, 504]
        assert client.ask('/health').json['taken'] == 1  # one is still computed
        deadline = time.monotonic() + 5
        while client.ask('/health').json['taken']:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert len(model.seen) == 1  # the other never began
        model.seconds = 0
        assert client.ask('/segment', photograph()).status == 200


def test_a_slow_body_is_given_up() -> None:
    with running(Bands(), seconds=0.2, places=1) as client:
        with socket.create_connection(('127.0.0.1', client.port), 10) as slow:
            head = b'POST /segment HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n'
            slow.sendall(head + b'\x89PNG')
            assert slow.recv(200).startswith(b'HTTP/1.1 408')
        assert client.ask('/segment', photograph()).status == 200


def test_the_end_finishes_what_has_begun() -> None:
    model = Bands(seconds=0.3)
    statuses = []

    def ask() -> None:
        statuses.append(client.ask('/segment', photograph()).status)

    with running(model) as client:
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        while client.ask('/health').json['taken'] < 3:
            time.sleep(0.01)
        client.server.should_exit = True
        for thread in threads:
            thread.join(20)
    assert statuses == [200, 200, 200] and len(model.seen) == 3
    with pytest.raises(OSError):
        client.ask('/health')


def test_who_comes_early_waits() -> None:
    server, listener = open_server(Bands(), Limits(), port=0)
    port = listener.getsockname()[1]
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(Client(port).ask, '/health')
        time.sleep(0.1)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert early.result().status == 200
        server.should_exit = True
        thread.join(20)


def test_addresses_and_limits_are_checked() -> None:
    with running(Bands()) as client, pytest.raises(ConfigError, match='listened on'):
        open_server(Bands(), Limits(), port=client.port)
    with pytest.raises(ValueError, match='places must be positive'):
        Limits(places=0)
