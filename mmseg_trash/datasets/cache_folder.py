"""The folder of caches: where it is, who may build, and how large it may get."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover, Windows
    fcntl = None  # type: ignore[assignment]

FOLDER_VARIABLE = 'MMSEG_TRASH_CACHE'
LIMIT_VARIABLE = 'MMSEG_TRASH_CACHE_GB'
DEFAULT_LIMIT_GB = 4.0
SUFFIXES = ('.labels', '.images', '.pixels', '.survey')


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of caches.

    Args:
        cache_dir: A folder to use instead; None takes ``$MMSEG_TRASH_CACHE``, or
            ``~/.cache/mmseg_trash`` when that is not set.

    Returns:
        The folder; it need not exist.
    """
    chosen = cache_dir or os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get('XDG_CACHE_HOME')
    return (Path(base) if base else Path.home() / '.cache') / 'mmseg_trash'


def cache_limit() -> int:
    """Return how many bytes all caches may take: ``$MMSEG_TRASH_CACHE_GB``, else 4 GB.

    Raises:
        ValueError: The variable is no positive number.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(DEFAULT_LIMIT_GB))
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1.0
    if not gigabytes > 0:
        raise ValueError(f'{LIMIT_VARIABLE} must be a number of GB above 0: {text!r}')
    return int(gigabytes * 2**30)


@contextlib.contextmanager
def build_lock(path: Path) -> Iterator[None]:
    """Let one process at a time, of all on the machine, build a cache file.

    Args:
        path: The file to build. The lock ends with its holder, however that ends.

    Raises:
        PermissionError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f'{path.name}.lock').open('w')
    except OSError as error:
        raise PermissionError(
            f'cannot write the cache folder {path.parent} ({error.strerror}); set '
            f'{FOLDER_VARIABLE} or cache_dir to a writable one'
        ) from None
    with lock:
        if fcntl is not None:
            # Some network file systems have no locks: two may build then, and the
            # atomic rename still leaves one whole file.
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def touch(path: Path) -> None:
    """Note that a cache file was used; eviction takes the longest unused first."""
    with contextlib.suppress(OSError):
        os.utime(path)


def evict(folder: Path, keep: Path, limit: int | None = None) -> list[Path]:
    """Remove the longest unused caches until all together fit the limit.

    A process that has a removed file mapped keeps its data until it ends.

    Args:
        folder: The folder of caches.
        keep: A file, with its companions, that stays in any case.
        limit: Bytes that may stay; None takes ``cache_limit()``.

    Returns:
        The removed files.
    """
    limit = cache_limit() if limit is None else limit
    entries = []
    for path in list_caches(folder):
        with contextlib.suppress(OSError):
            status = path.stat()
            entries.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    removed = []
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        if path.stem != keep.stem:
            path.unlink(missing_ok=True)
            removed.append(path)
            total -= size
    return removed


def list_caches(folder: Path) -> list[Path]:
    """Return the cache files of a folder, sorted by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def clear(folder: Path) -> tuple[int, int]:
    """Remove every cache of a folder, and what broken builds left.

    Args:
        folder: The folder of caches; other files in it stay.

    Returns:
        Number of removed cache files, and their bytes.
    """
    number = size = 0
    for path in list_caches(folder):
        number, size = number + 1, size + path.stat().st_size
        path.unlink(missing_ok=True)
    if folder.is_dir():
        for path in folder.iterdir():
            if path.suffix == '.lock' and Path(path.stem).suffix in SUFFIXES:
                path.unlink(missing_ok=True)
    return number, size
