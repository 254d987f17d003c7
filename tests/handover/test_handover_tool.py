"""tools/data/handover.py: both ways, and what it says of bad input."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash.errors import DataError


@pytest.mark.parametrize('kind, name', [('cvat', 'annotations.xml'), ('fiftyone', '.')])
def test_both_ways(
    kind: str, name: str, root: Path, tmp_path: Path, project: Path, capsys: Any
) -> None:
    main = runpy.run_path(str(project / 'tools/data/handover.py'))['main']
    source, out = str(root / 'train.json'), tmp_path / 'out'
    predictions = str(root / 'predictions')
    main(['export', source, str(out), '--to', kind, '--predictions', predictions])
    main(['import', str(out / name), str(tmp_path / 'back.json'), '--like', source])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(': ')[1] for line in lines] == ['3 photographs, 7 objects'] * 2
    back = json.loads((tmp_path / 'back.json').read_text())
    assert len(back['annotations']) == 7


def test_other_classes(root: Path, tmp_path: Path, project: Path) -> None:
    """A file with categories of its own, and what refuses them on the way back."""
    main = runpy.run_path(str(project / 'tools/data/handover.py'))['main']
    content = json.loads((root / 'train.json').read_text())
    for category in content['categories']:
        category['name'] += ' scrap'
    (root / 'own.json').write_text(json.dumps(content))
    out, back = tmp_path / 'out', str(tmp_path / 'back.json')
    for kind in ('cvat', 'fiftyone'):
        main(['export', str(root / 'own.json'), str(out), '--to', kind])
    for place in (out / 'annotations.xml', out):
        main(['import', str(place), back, '--like', str(root / 'own.json')])
        with pytest.raises(DataError, match="unknown category 'Paper scrap'"):
            main(['import', str(place), back])


def test_bad_predictions(root: Path, tmp_path: Path, project: Path) -> None:
    import cv2

    main = runpy.run_path(str(project / 'tools/data/handover.py'))['main']
    predictions = root / 'predictions'
    words = ['export', str(root / 'train.json'), str(tmp_path / 'out'), '--to', 'cvat']
    words += ['--predictions', str(predictions)]
    cv2.imwrite(str(predictions / '3.jpg.png'), np.full((61, 83), 11, np.uint8))
    with pytest.raises(DataError, match=r'3\.jpg: has label 11, expected 0 to 10'):
        main(words)
    (predictions / '3.jpg.png').rename(predictions / '4.jpg.png')
    with pytest.raises(DataError, match=r'4\.jpg: is none of the 3 photographs'):
        main(words)
    assert not (tmp_path / 'out/annotations.xml').exists()


def test_the_page(project: Path) -> None:
    """The command lines of docs/handover.md parse."""
    parse = runpy.run_path(str(project / 'tools/data/handover.py'))['parse_args']
    text = (project / 'docs/handover.md').read_text(encoding='utf-8')
    lines = [line for line in text.splitlines() if line.startswith('$H ')]
    assert len(lines) == 3
    assert {parse(line.split()[1:]).command for line in lines} == {'export', 'import'}
