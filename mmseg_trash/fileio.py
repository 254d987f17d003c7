"""Write files whole or not at all."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DataError

_LEFTOVER = re.compile(r'\..+\.[a-z0-9_]{8}(\.\w+)?')


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that becomes ``path`` on success.

    Args:
        path: Where the finished file shall stand; its folder is created.

    Yields:
        The temporary path, with the suffix of ``path``. It is renamed over ``path``
        when the block ends, and removed when the block raises.

    Raises:
        OSError: The folder cannot be created or written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f'.{target.name}.', suffix=target.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _give_usual_rights(temporary, 0o666)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary folder beside ``path`` that becomes ``path`` on success.

    Args:
        path: Where the finished folder shall stand; its parents are created.

    Yields:
        The temporary folder. It is renamed to ``path`` when the block ends, and removed
        with all that it holds when the block raises.

    Raises:
        DataError: ``path`` exists and is no empty folder; nothing is yielded then.
        OSError: The folder cannot be created or written.
    """
    target = Path(path).resolve()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise DataError(f'{path}: exists already; name a new folder, or remove it')
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f'.{target.name}.'))
    try:
        yield temporary
        _give_usual_rights(temporary, 0o777)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _give_usual_rights(path: Path, mode: int) -> None:
    """Let others read what ``tempfile`` made for its owner alone."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)


def remove_leftovers(folder: str | os.PathLike[str], seconds: float = 60.0) -> None:
    """Remove what :func:`atomic_write` had begun when its process was killed.

    Args:
        folder: Searched with its subfolders.
        seconds: Age of a leftover; younger files may belong to another process.
    """
    now = time.time()
    for path in Path(folder).rglob('.*'):
        if not _LEFTOVER.fullmatch(path.name) or path.is_dir():
            continue
        with suppress(FileNotFoundError):  # another process has just finished it
            if now - path.stat().st_mtime > seconds:
                path.unlink()
