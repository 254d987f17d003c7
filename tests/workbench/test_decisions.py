"""Decisions become a new version that trains as decided; the original stays."""

import copy
import hashlib
import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash.config import build_dataset, load_config
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES, IGNORE_INDEX
from mmseg_trash.workbench.decisions import (
    Decision,
    apply_decisions,
    read_decisions,
    write_decisions,
)

from .conftest import Data

PART = 'train.json'


def decide(
    number: int, annotation: int | None, action: str, label: str = ''
) -> Decision:
    return Decision(PART, f'batch_01/{number:04}.jpg', annotation, action, label)


ALL = [
    decide(0, 1, 'keep'),
    decide(0, 2, 'drop'),
    decide(1, 4, 'relabel', 'Battery'),
    decide(1, 5, 'ignore'),
    decide(2, None, 'drop'),
]


def apply_tool(project: Path, *arguments: Any) -> None:
    tool = runpy.run_path(str(project / 'tools/data/apply_audit.py'))
    tool['main']([str(argument) for argument in arguments])


def test_file(tmp_path: Path) -> None:
    path = tmp_path / 'audit.json'
    assert read_decisions(path) == []
    write_decisions(path, [*ALL, decide(0, 2, 'keep')])
    found = read_decisions(path)
    assert len(found) == len(ALL) and decide(0, 2, 'keep') in found
    assert ALL[1] not in found and path.read_text().count('\n') == len(ALL) + 2
    write_decisions(path, [])
    assert read_decisions(path) == []
    for text in ('{', '[]', '{"format": 9, "decisions": []}', '{"format": 1}'):
        path.write_text(text)
        with pytest.raises(DataError, match=r'audit\.json'):
            read_decisions(path)


@pytest.mark.parametrize('changes, message', [
    (dict(action='burn'), 'burn'),
    (dict(action='relabel'), 'label'),
    (dict(label='Paper'), 'label'),
    (dict(annotation=None, action='ignore'), 'image'),
    (dict(file_name=''), 'needs'),
])  # fmt: skip
def test_what_does_not_go_together(changes: dict[str, Any], message: str) -> None:
    good = dict(part=PART, file_name='a.jpg', annotation=3, action='keep')
    Decision(**good)
    with pytest.raises(ValueError, match=message):
        Decision(**{**good, **changes})


def test_apply(sound: Data, project: Path, tmp_path: Path) -> None:
    root = sound.write()
    source, out = root / PART, root / 'train_v2.json'
    before = source.read_bytes()
    other = Decision('val.json', 'elsewhere.jpg', 3, 'drop')
    write_decisions(root / 'audit.json', [*ALL, other])
    apply_tool(project, source, root / 'audit.json', '--out', out)
    assert source.read_bytes() == before
    coco = json.loads(out.read_text())
    assert coco['info']['version'] == 'train_v2'
    audit = coco['info']['audit']
    assert audit['sha256'] == hashlib.sha256(before).hexdigest()
    assert audit['part'] == PART and audit['from_version'] == '1.0'
    assert audit['actions'] == dict(drop=2, ignore=1, keep=1, relabel=1)
    old = TrashDataset(PART, str(root))
    new = TrashDataset('train_v2.json', str(root))
    names = [new.get_data_info(i)['file_name'] for i in range(len(new))]
    assert len(old) == 12 and len(new) == 11 and 'batch_01/0002.jpg' not in names
    maps = [old.label_map_of(0), new.label_map_of(0)]
    plastic, paper = CLASSES.index('Plastic'), CLASSES.index('Paper')
    expected = np.where(maps[0] == plastic, 0, maps[0])
    assert (maps[0] == plastic).any() and np.array_equal(maps[1], expected)
    maps = [old.label_map_of(1), new.label_map_of(1)]
    expected = np.where(maps[0] == paper, CLASSES.index('Battery'), maps[0])
    expected[maps[0] == plastic] = IGNORE_INDEX
    assert np.array_equal(maps[1], expected)
    assert np.array_equal(old.label_map_of(5), new.label_map_of(4))


def test_version_is_named_by_the_run(sound: Data, project: Path) -> None:
    root = sound.write()
    (root / 'val.json').write_bytes((root / PART).read_bytes())
    write_decisions(root / 'audit.json', ALL)
    arguments = (root / PART, root / 'audit.json', '--out', root / 'train_v2.json')
    apply_tool(project, *arguments)
    config = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
    options = {'train_dataloader.dataset.ann_file': 'train_v2.json'}
    cfg = load_config(project / config, options, data_root=root)
    assert 'train_v2.json' in cfg.pretty_text
    assert len(build_dataset(cfg.train_dataloader.dataset)) == 11


def test_tool_refuses(sound: Data, project: Path) -> None:
    root = sound.write()
    source, decisions = root / PART, root / 'audit.json'
    with pytest.raises(FileNotFoundError, match='decisions'):
        apply_tool(project, source, decisions, '--out', root / 'new.json')
    write_decisions(decisions, ALL)
    with pytest.raises(DataError, match='exists'):
        apply_tool(project, source, decisions, '--out', source, '--overwrite')
    (root / 'new.json').write_text('mine')
    with pytest.raises(DataError, match='exists'):
        apply_tool(project, source, decisions, '--out', root / 'new.json')
    apply_tool(project, source, decisions, '--out', root / 'new.json', '--overwrite')
    assert json.loads((root / 'new.json').read_text())['info']['version'] == 'new'
    write_decisions(decisions, [decide(0, 99, 'drop')])
    with pytest.raises(DataError, match='no annotation 99'):
        apply_tool(project, source, decisions, '--out', root / 'other.json')
    write_decisions(decisions, [decide(0, 1, 'relabel', 'Wood')])
    with pytest.raises(DataError, match='Wood'):
        apply_tool(project, source, decisions, '--out', root / 'other.json')
    assert not (root / 'other.json').exists()


def test_decisions_mend_faults(sound: Data, project: Path) -> None:
    number = sound.add(0, 'Paper', [[1.0, 2, 3]])
    root = sound.write()
    arguments = (root / PART, root / 'audit.json', '--out', root / 'new.json')
    write_decisions(root / 'audit.json', [])
    with pytest.raises(DataError, match='odd number'):
        apply_tool(project, *arguments)
    write_decisions(root / 'audit.json', [decide(0, number, 'drop')])
    apply_tool(project, *arguments)
    assert len(TrashDataset('new.json', str(root))) == 12


def test_relabel_adds_a_category_and_keeps_the_input(sound: Data) -> None:
    root = sound.write()
    raw = json.loads((root / PART).read_text())
    raw['categories'] = [c for c in raw['categories'] if c['name'] != 'Battery']
    kept = copy.deepcopy(raw)
    coco, counts = apply_decisions(raw, ALL, PART, 'v2')
    assert raw == kept and counts.total() == 5
    added = {c['name']: c['id'] for c in coco['categories']}
    assert added['Battery'] == 11 and added['Ignored'] == 12
    changed = {a['id']: a['category_id'] for a in coco['annotations']}
    assert changed[4] == 11 and changed[5] == 12
    again, _ = apply_decisions(raw, ALL, PART, 'v2')
    assert again == coco
