"""Write files whole or not at all."""

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
        # mkstemp lets only the owner read; give the usual rights instead.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


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
