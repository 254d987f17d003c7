"""Libraries are imported without remarks that concern nobody, and with all others."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize('code', [
    'import mmseg_trash.datasets, mmseg_trash.models',
    'import mmseg_trash; import mmpretrain.models, mmseg.apis',
    'import mmseg_trash.launch as l; l.quiet(); import mmseg_trash.models',
])  # fmt: skip
def test_nothing_is_said(code: str) -> None:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == ''
    assert 'MultiScaleDeformableAttention' not in done.stderr


def test_other_words_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'remarks.py').write_text(
        "import warnings\nprint('Could not import OneDL')\nprint('kept')\n"
        "warnings.warn('Fail to import ``MultiScaleDeformableAttention`` from x')\n"
        "warnings.warn('heard')\n"
    )
    code = (
        'import mmseg_trash.quiet_imports as q\n'
        "q.MODULES |= {'remarks'}\nimport remarks\nimport inspect\n"
        "assert inspect.getsource(remarks).startswith('import')"
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'kept\n'
    assert 'heard' in done.stderr and 'Fail to import' not in done.stderr
