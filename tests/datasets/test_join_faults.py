"""Joining data roots: what is refused leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.join import join_data_roots
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES

from .conftest import write_data

RULE = CategoryRule(CLASSES)


@pytest.mark.parametrize('fault, message', [
    ('category', r"category \d+: unknown category 'Tin'.*known are: Background, Gen"),
    ('missing', r'image .*batch_02/0002\.jpg does not exist'),
    ('outside', r"file_name '\.\./a/x\.jpg' leads out"),
    ('bare', r'hand/train\.json: has no annotations, another source has'),
    ('pseudo', r'hand/train\.json: holds pseudo labels'),
    ('no common file', r'no JSON stands in every source: toy has train_all\.json'),
    ('twice', r'toy and hand are one folder'),
    ('name', r"source's name must be .* got '\.\./b'"),
    ('gone', r'data root .* is no folder'),
    ('out', r'out: exists already'),
])  # fmt: skip
def test_faults_leave_nothing(
    toy_root: Path, hand: Path, tmp_path: Path, fault: str, message: str
) -> None:
    content = json.loads((hand / 'train.json').read_text())
    sources = dict(toy=toy_root, hand=hand)
    if fault == 'category':
        used = content['annotations'][0]['category_id']
        (first,) = (c for c in content['categories'] if c['id'] == used)
        first['name'] = 'Tin'
    elif fault == 'missing':
        (hand / 'images/batch_02/0002.jpg').unlink()
    elif fault == 'outside':
        content['images'][0]['file_name'] = '../a/x.jpg'
    elif fault == 'bare':
        content['annotations'] = []
    elif fault == 'pseudo':
        content['info'] = dict(pseudo=dict(round=1))
    elif fault == 'twice':
        sources['hand'] = toy_root
    elif fault == 'name':
        sources['../b'] = hand
    elif fault == 'gone':
        sources['hand'] = tmp_path / 'gone'
    elif fault == 'out':
        (tmp_path / 'out').mkdir()
        (tmp_path / 'out/mine.txt').write_text('mine')
    (hand / 'train.json').write_text(json.dumps(content))
    if fault == 'no common file':
        (hand / 'val.json').unlink()
        (hand / 'train.json').rename(hand / 'test.json')
        sources['toy'] = tmp_path / 'toy'
        write_data(sources['toy'], content, 'train_all.json')
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises((DataError, FileNotFoundError), match=message):
        join_data_roots(sources, tmp_path / 'out', RULE)
    assert sorted(tmp_path.rglob('*')) == before


def test_interrupted(
    hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError('disk full')

    monkeypatch.setattr('shutil.copyfile', full)
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises(OSError, match='disk full'):
        join_data_roots(dict(a=hand), tmp_path / 'out', RULE, 'copy')
    assert sorted(tmp_path.rglob('*')) == before


def test_arguments(hand: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"link must be one of .*, got 'move'"):
        join_data_roots(dict(a=hand), tmp_path / 'out', RULE, 'move')
    with pytest.raises(ValueError, match='at least one data root'):
        join_data_roots({}, tmp_path / 'out', RULE)
