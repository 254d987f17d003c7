"""The cache of decoded images gives what decoding gives."""

import os
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError


def test_equal_to_decoding_and_ones_own(root: Path, cache: Path) -> None:
    plain = TrashDataset(data_root=root)
    cached = TrashDataset(data_root=root, image_cache=True)
    for idx in range(3):
        assert (cached.load_image(idx) == plain.load_image(idx)).all()
    cached.load_image(0)[:] = 0
    assert (cached.load_image(0) == plain.load_image(0)).all()


def test_no_image_is_decoded_again(root: Path) -> None:
    expected = TrashDataset(data_root=root, image_cache=True).load_image(1)
    path = root / 'batch_01/0001.jpg'
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    again = TrashDataset(data_root=root, image_cache=True)
    assert (again.load_image(1) == expected).all()


def test_a_changed_image_is_noticed(root: Path) -> None:
    TrashDataset(data_root=root, image_cache=True)
    path = root / 'batch_01/0001.jpg'
    path.write_bytes((root / 'batch_02/0002.jpg').read_bytes())
    again = TrashDataset(data_root=root, image_cache=True)
    assert (again.load_image(1) == again.load_image(2)).all()


def test_damage_is_noticed(root: Path, cache: Path) -> None:
    expected = TrashDataset(data_root=root).load_image(1)
    TrashDataset(data_root=root, image_cache=True)
    (pixels,) = cache.glob('*.pixels')
    content = pixels.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(content), 5):
        spoilt = bytearray(content)
        spoilt[position] ^= 255
        pixels.write_bytes(spoilt)
        again = TrashDataset(data_root=root, image_cache=True)
        plain = TrashDataset(data_root=root)
        for idx in range(3):
            assert (again.load_image(idx) == plain.load_image(idx)).all()
    for spoil in (lambda: pixels.write_bytes(content[:-9]), pixels.unlink):
        spoil()
        again = TrashDataset(data_root=root, image_cache=True)
        assert (again.load_image(1) == expected).all()
        assert pixels.read_bytes() == content


def test_bound(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MMSEG_TRASH_CACHE_GB', '0.00001')
    with pytest.raises(DataError, match='3 decoded images of train.*_CACHE_GB allows'):
        TrashDataset(data_root=root, image_cache=True)
    assert not list(cache.glob('*.pixels'))


def test_a_missing_image_leaves_nothing_half_written(root: Path, cache: Path) -> None:
    (root / 'batch_01/0001.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'0001\.jpg does not exist'):
        TrashDataset(data_root=root, image_cache=True)
    (root / 'batch_01/0001.jpg').write_bytes(b'no image')
    with pytest.raises(DataError, match=r'0001\.jpg: no readable image'):
        TrashDataset(data_root=root, image_cache=True)
    names = {path.suffix for path in cache.iterdir()}
    assert names <= {'.labels', '.lock'}
