"""The command lines of tools/data."""

import itertools
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmseg_trash.cli import run
from mmseg_trash.datasets import TrashDataset

from .test_taco import raw  # noqa: F401 (a fixture)


@pytest.fixture
def tool(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return a function that runs a tool of tools/data within this process."""
    monkeypatch.setenv('COLUMNS', '200')

    def call(name: str, *arguments: object, status: int = 0) -> str:
        main = runpy.run_path(str(project / 'tools/data' / name))['main']
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(lambda: main([str(argument) for argument in arguments]))
        shown = capsys.readouterr()
        assert left.value.code == status, shown.err
        return shown.out + shown.err

    return call


def test_from_the_shell(project: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(project / 'tools/data/check.py'), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f'error: {tmp_path} holds none of')


def test_check(tool: Callable[..., str], root: Path) -> None:
    assert 'no faults' in tool('check.py', root)
    coco = json.loads((root / 'train.json').read_text())
    coco['annotations'][0]['image_id'] = 50
    coco['annotations'][1]['id'] = 1
    (root / 'train.json').write_text(json.dumps(coco))
    (root / 'batch_02/0002.jpg').write_bytes(b'x')
    shown = tool('check.py', root, status=1)
    for text in (
        'unknown_image: ',
        'duplicate_annotation_id: ',
        'bad_image_file: ',
        '3 faults: 1 bad_image_file, 1 duplicate_annotation_id, 1 unknown_image',
    ):
        assert text in shown
    assert 'error: ' in tool('check.py', root / 'gone', status=2)


def test_folds(tool: Callable[..., str], toy_root: Path, tmp_path: Path) -> None:
    out = tmp_path / 'folds'
    groups = tmp_path / 'groups.csv'
    names = [
        image['file_name']
        for image in json.loads((toy_root / 'train_all.json').read_text())['images']
    ]
    lines = [f'{name},scene{n // 3}' for n, name in enumerate(names)]
    lines.insert(0, 'file_name,group')
    groups.write_text('\n'.join(lines))
    shown = tool('make_folds.py', toy_root, '--folds', 3, '--out', out)
    assert 'Wrote 6 lists' in shown
    first = {path.name: path.read_text() for path in out.iterdir()}
    assert set(first) == {
        f'fold{k}_{p}.txt' for k in range(3) for p in ('train', 'val')
    }
    held = [first[f'fold{k}_val.txt'].split() for k in range(3)]
    assert sorted(itertools.chain(*held)) == sorted(names)
    tool('make_folds.py', toy_root, '--folds', 3, '--out', out)
    assert {path.name: path.read_text() for path in out.iterdir()} == first
    subset = str(out / 'fold1_val.txt')
    assert len(TrashDataset('train_all.json', toy_root, subset=subset)) == len(held[1])
    grouped = ('--out', out, '--groups', groups)
    tool('make_folds.py', toy_root, '--folds', 3, *grouped)
    for k in range(3):
        val = set((out / f'fold{k}_val.txt').read_text().split())
        train = set((out / f'fold{k}_train.txt').read_text().split())
        assert val and val | train == set(names) and not val & train
        assert not {names.index(n) // 3 for n in val} & {
            names.index(n) // 3 for n in train
        }
    groups.write_text('file_name,group\nx.jpg,1\n')
    shown = tool('make_folds.py', toy_root, '--groups', groups, status=2)
    assert "groups.csv: line 2: file_name 'x.jpg'" in shown
    (tmp_path / 'file').write_text('')
    blocked = tmp_path / 'file' / 'folds'
    shown = tool('make_folds.py', toy_root, '--out', blocked, status=2)
    assert 'cannot write' in shown and '--out' in shown
    assert 'test.json has no annotations' in tool(
        'make_folds.py', toy_root, '--ann-file', 'test.json', status=2
    )


def test_convert_taco(tool: Callable[..., str], raw: dict, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / 'annotations.json').write_text(json.dumps(raw))
    shown = tool(
        'convert_taco.py', tmp_path / 'annotations.json', tmp_path / 'out', '--split', 2
    )
    assert '309 used twice' in shown
    sizes = {
        name: len(json.loads((tmp_path / 'out' / f'{name}.json').read_text())['images'])
        for name in ('train_all', 'train', 'val')
    }
    assert sizes == {'train_all': 2, 'train': 1, 'val': 1}
    (tmp_path / 'bad.json').write_text('[')
    shown = tool('convert_taco.py', tmp_path / 'bad.json', tmp_path / 'new', status=2)
    assert 'not valid JSON' in shown and not (tmp_path / 'new').exists()


def test_statistics_and_clearing(
    tool: Callable[..., str], root: Path, cache: Path
) -> None:
    assert '3 images' in tool('show_statistics.py', root)
    assert list(cache.glob('*.labels'))
    assert 'removed 1 files' in tool('clear_cache.py')
    assert not list(cache.iterdir())
