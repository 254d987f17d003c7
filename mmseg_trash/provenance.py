"""What a run was made from: the commit of the code and the hash of the data."""

import subprocess
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .experiments.fingerprint import data_hash

PACKAGE = Path(__file__).resolve().parent


def git_state(folder: Path = PACKAGE) -> tuple[str, bool] | None:
    """Return the commit that a folder's files are from, and whether they differ.

    Files that git ignores do not count, new ones do.

    Returns:
        The commit's hash and the dirty flag; None when git does not know the folder's
        files (an installed wheel) or is not there.
    """
    if not _git(folder, 'ls-files', '.'):
        return None
    commit = _git(folder, 'rev-parse', 'HEAD')
    changes = _git(folder, 'status', '--porcelain')
    return None if commit is None or changes is None else (commit, bool(changes))


def provenance(cfg: Config) -> dict[str, Any]:
    """Return what a training with a config stands on.

    Returns:
        ``git_commit`` and ``git_dirty``, None where they are not known, and
        ``data_hash``, see :func:`mmseg_trash.experiments.fingerprint.data_hash`.
    """
    commit, dirty = git_state() or (None, None)
    return dict(git_commit=commit, git_dirty=dirty, data_hash=data_hash(cfg))


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git says, None when it cannot say anything."""
    command = ['git', '-C', str(folder), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
