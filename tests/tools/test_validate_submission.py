import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.inference.submission import write_submission

NAMES = ['batch_01_vt/0001.jpg', 'batch_01_vt/0002.jpg']


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    images = [dict(id=i, file_name=name) for i, name in enumerate(NAMES)]
    (tmp_path / 'test.json').write_text(json.dumps(dict(images=images)))
    labels = np.random.default_rng(0).integers(0, 11, (2, 512, 512), dtype=np.uint8)
    write_submission(zip(NAMES, labels), tmp_path / 's.csv')
    return tmp_path / 's.csv', tmp_path / 'test.json'


def run(project: Path, *arguments: Path | str) -> int:
    main = runpy.run_path(str(project / 'tools' / 'validate_submission.py'))['main']
    return main([str(argument) for argument in arguments])


def test_good_file(project: Path, files: tuple[Path, Path], capsys) -> None:
    assert run(project, *files) == 0
    assert '0 errors, 0 warnings; good to hand in' in capsys.readouterr().out


def test_a_warning_is_no_error(project: Path, files: tuple[Path, Path], capsys) -> None:
    header, first, second = files[0].read_text().splitlines()
    files[0].write_text(f'{header}\n{second}\n{first}\n')
    assert run(project, *files) == 0
    out = capsys.readouterr().out
    assert 'warning: row 2: batch_01_vt/0002.jpg: 2 rows are not in the order' in out


def test_every_fault_is_printed(
    project: Path, files: tuple[Path, Path], capsys
) -> None:
    header, first, second = files[0].read_text().splitlines()
    files[0].write_text(f'{header}\n{first} 10\n{second[:-3]}99\n')
    assert run(project, *files) == 1
    *faults, verdict = capsys.readouterr().out.splitlines()
    assert len(faults) >= 2
    assert 'row 2: batch_01_vt/0001.jpg: 65537 integers, expected 65536' in faults[0]
    assert 'is out of range, expected 0..10' in faults[-1]
    assert 'not usable' in verdict


def test_more_classes(project: Path, files: tuple[Path, Path]) -> None:
    assert run(project, *files, '--num-classes', '10') == 1


def test_as_a_program(project: Path, files: tuple[Path, Path]) -> None:
    tool = [sys.executable, str(project / 'tools' / 'validate_submission.py')]
    good = subprocess.run([*tool, *files], check=False, capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, '')
    bad = subprocess.run(
        [*tool, files[0], 'no.json'], check=False, capture_output=True, text=True
    )
    assert bad.returncode == 2
    assert bad.stderr.startswith('error: ')
    assert 'no.json' in bad.stderr
    assert 'Traceback' not in bad.stderr
