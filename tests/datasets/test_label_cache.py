"""The cache of label maps is built once, and never trusted."""

import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.datasets import TrashDataset, label_cache
from mmseg_trash.datasets.cache_folder import (
    cache_folder,
    cache_limit,
    clear,
    evict,
    list_caches,
)
from mmseg_trash.datasets.label_cache import run_lengths

from .conftest import write_data


def the_file(cache: Path) -> Path:
    """Return the only cache file."""
    (path,) = list_caches(cache)
    return path


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with every build."""
    builds: list[int] = []
    original = label_cache.encode_labels

    def encode(*args: object) -> tuple:
        builds.append(1)
        return original(*args)

    monkeypatch.setattr(label_cache, 'encode_labels', encode)
    return builds


def test_built_once_and_not_parsed_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = counted(monkeypatch)
    before = TrashDataset(data_root=root).label_map_of(0)
    monkeypatch.setattr(label_cache, 'load_coco', None)
    after = TrashDataset(data_root=root)
    assert builds == [1] and (after.label_map_of(0) == before).all()


def test_key_names_everything_that_decides(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants: list[dict] = [
        {},
        dict(rule='class_id'),
        dict(crowd='ignore'),
        dict(unknown='ignore'),
        dict(category_map={'Paper': None}),
        dict(ignore_index=254),
    ]
    for number, arguments in enumerate(variants, 1):
        TrashDataset(data_root=root, **arguments)
        TrashDataset(data_root=root, **arguments)
        assert len(list_caches(cache)) == number
    text = (root / 'train.json').read_text()
    (root / 'train.json').write_text(text + ' ')
    TrashDataset(data_root=root)
    assert len(list_caches(cache)) == len(variants) + 1
    monkeypatch.setattr(label_cache, 'FORMAT_VERSION', 99)
    TrashDataset(data_root=root)
    assert len(list_caches(cache)) == len(variants) + 2


def damage_everywhere(content: bytes) -> list[bytes]:
    """Return many damaged versions of a file."""
    rng = np.random.default_rng(0)
    spoilt = [b'', content[:10], content[:-1], content[: len(content) // 2]]
    spoilt += [content + b'x', b'x' * len(content)]
    for position in rng.integers(0, len(content), 8):
        flipped = bytearray(content)
        flipped[position] ^= 1 << int(rng.integers(8))
        spoilt.append(bytes(flipped))
    return spoilt


def test_damaged_files_are_rebuilt(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = counted(monkeypatch)
    expected = TrashDataset(data_root=root).label_map_of(1)
    content = the_file(cache).read_bytes()
    for number, spoilt in enumerate(damage_everywhere(content), 1):
        the_file(cache).write_bytes(spoilt)
        assert (TrashDataset(data_root=root).label_map_of(1) == expected).all()
        assert len(builds) == number + 1
        assert the_file(cache).read_bytes() == content


def test_a_file_of_another_key_is_not_taken(root: Path, cache: Path) -> None:
    expected = TrashDataset(data_root=root).label_map_of(0)
    mine = the_file(cache)
    TrashDataset(data_root=root, rule='class_id')
    (other,) = set(list_caches(cache)) - {mine}
    mine.write_bytes(other.read_bytes())
    assert (TrashDataset(data_root=root).label_map_of(0) == expected).all()


def _open_dataset(root: str, barrier: object, results: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    dataset = TrashDataset(data_root=root, image_cache=True)
    results.put(  # type: ignore[attr-defined]
        (int(dataset.label_map_of(0).sum()), int(dataset.load_image(1).sum()))
    )


def test_many_processes_at_once(root: Path, cache: Path) -> None:
    context = multiprocessing.get_context('fork')
    barrier, results = context.Barrier(6), context.Queue()
    arguments = (str(root), barrier, results)
    workers = [context.Process(target=_open_dataset, args=arguments) for _ in range(6)]
    for worker in workers:
        worker.start()
    answers = {results.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    dataset = TrashDataset(data_root=root)
    assert answers == {
        (int(dataset.label_map_of(0).sum()), int(dataset.load_image(1).sum()))
    }
    assert len(list_caches(cache)) == 3
    assert not list(cache.glob('.*'))


def test_folder_and_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder('/some/where') == Path('/some/where')
    assert cache_folder() == Path(os.environ['MMSEG_TRASH_CACHE'])
    monkeypatch.delenv('MMSEG_TRASH_CACHE')
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_folder() == tmp_path / '.cache' / 'mmseg_trash'
    assert cache_limit() == 4 * 2**30
    monkeypatch.setenv('MMSEG_TRASH_CACHE_GB', '0.5')
    assert cache_limit() == 2**29
    for wrong in ('much', '0', '-1', 'nan'):
        monkeypatch.setenv('MMSEG_TRASH_CACHE_GB', wrong)
        with pytest.raises(ValueError, match=wrong):
            cache_limit()


def test_longest_unused_go_first(tmp_path: Path) -> None:
    paths = [tmp_path / f'{name}.labels' for name in 'abcd']
    for age, path in enumerate(paths):
        path.write_bytes(bytes(100))
        os.utime(path, (age, age))
    (tmp_path / 'mine.txt').write_bytes(bytes(1000))
    assert evict(tmp_path, keep=paths[0], limit=250) == paths[1:3]
    assert list_caches(tmp_path) == [paths[0], paths[3]]
    assert evict(tmp_path, keep=paths[0], limit=0) == [paths[3]]
    assert (tmp_path / 'mine.txt').exists()


def test_building_evicts_and_using_refreshes(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = TrashDataset(data_root=root)
    first = the_file(cache)
    os.utime(first, (1, 1))
    TrashDataset(data_root=root)
    assert time.time() - first.stat().st_mtime < 60
    monkeypatch.setenv('MMSEG_TRASH_CACHE_GB', '1e-9')
    TrashDataset(data_root=root, rule='vertices')
    assert not first.exists() and len(list_caches(cache)) == 1
    assert old.label_map_of(0).any()  # still mapped


def test_clear(root: Path, cache: Path) -> None:
    TrashDataset(data_root=root, image_cache=True)
    (cache / 'mine.txt').write_text('x')
    number, size = clear(cache)
    assert number == 3 and size > 40 * 48 * 9
    assert [path.name for path in cache.iterdir()] == ['mine.txt']
    assert clear(cache / 'gone') == (0, 0)


def test_read_only_data_and_unwritable_cache(tmp_path: Path, coco: dict) -> None:
    root = write_data(tmp_path / 'data', coco)
    for folder in (root, *root.iterdir()):
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    before = sorted(root.rglob('*'))
    assert TrashDataset(data_root=root).label_map_of(0).any()
    assert sorted(root.rglob('*')) == before
    blocked = tmp_path / 'file'
    blocked.write_text('')
    with pytest.raises(PermissionError, match='set MMSEG_TRASH_CACHE or cache_dir'):
        TrashDataset(data_root=root, cache_dir=str(blocked / 'below'))


def test_run_lengths() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        label_map = rng.integers(0, 3, rng.integers(1, 9, 2)).astype(np.uint8)
        labels, lengths = run_lengths(label_map)
        assert (np.repeat(labels, lengths) == label_map.ravel()).all()
        assert (labels[1:] != labels[:-1]).all() and (lengths > 0).all()
