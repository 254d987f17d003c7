"""The audit from the command line."""

import csv
import runpy
from pathlib import Path

import pytest

from .conftest import Data, box


def test_audit_tool(
    sound: Data, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    number = sound.add(3, 'Glass', [box(3, 2, 10, 10)])
    sound.add(4, 'Glass', [box(2, 2, 11, 10)])
    root = sound.write()
    tool = runpy.run_path(str(project / 'tools/data/audit.py'))
    tool['main']([str(root), '--out', str(tmp_path / 'found.csv'), '--top', '1'])
    lines = capsys.readouterr().out.splitlines()[-2:]
    assert 'batch_01/0004.jpg' in lines[0]
    assert lines[1].startswith(f'{root}: ') and '2 conflict' in lines[1]
    rows = list(csv.DictReader((tmp_path / 'found.csv').open()))
    found = {int(r['annotation']) for r in rows if r['rule'] == 'conflict'}
    assert found == {number, number + 1} and len(rows) == 3
