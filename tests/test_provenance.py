"""Commit, dirty flag and data hash."""

import subprocess
from pathlib import Path

from mmengine.config import Config

from mmseg_trash.experiments.fingerprint import data_hash
from mmseg_trash.provenance import git_state, provenance


def git(folder: Path, *arguments: str) -> str:
    name = ('-c', 'user.name=a', '-c', 'user.email=a@b')
    command = ['git', '-C', str(folder), *name, *arguments]
    return subprocess.check_output(command, text=True).strip()


def test_states(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None
    git(tmp_path, 'init', '--quiet')
    package = tmp_path / 'package'
    package.mkdir()
    code = package / 'code.py'
    code.write_text('1')
    assert git_state(package) is None, 'not known to git: an installed package'
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '--quiet', '--message', 'one')
    commit = git(tmp_path, 'rev-parse', 'HEAD')
    assert git_state(package) == (commit, False)
    code.write_text('2')
    assert git_state(package) == (commit, True)
    git(tmp_path, 'checkout', '--quiet', '.')
    (tmp_path / 'config.py').touch()
    assert git_state(package) == (commit, True)


def test_without_git(monkeypatch) -> None:
    monkeypatch.setenv('PATH', '')
    cfg = Config(dict(train_dataloader=dict()))
    found = provenance(cfg)
    assert found == dict(git_commit=None, git_dirty=None, data_hash=data_hash(cfg))
