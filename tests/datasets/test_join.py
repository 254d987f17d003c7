"""One data root out of several."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.categories import CategoryRule
from mmseg_trash.datasets.check import check_data_root
from mmseg_trash.datasets.join import join_data_roots
from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1

from .conftest import write_data

RULE = CategoryRule(CLASSES)


def label_maps(root: Path, name: str, **options: Any) -> dict[str, np.ndarray]:
    """Return file name -> label map, (H, W) uint8."""
    dataset = TrashDataset(name, str(root), **options)
    return {
        dataset.get_data_info(i)['file_name']: dataset.label_map_of(i)
        for i in range(len(dataset))
    }


def read(path: Path) -> dict[str, Any]:
    """Return what a JSON holds."""
    return json.loads(path.read_text())


@pytest.mark.parametrize('link', ['hard', 'symlink', 'copy'])
def test_join(toy_root: Path, hand: Path, tmp_path: Path, link: str) -> None:
    out = tmp_path / 'out'
    joined = join_data_roots(dict(toy=toy_root, hand=hand), out, RULE, link)
    assert joined.left_out == {'train_all.json': ['hand'], 'test.json': ['hand']}
    assert not check_data_root(out, RULE)
    assert sorted(path.name for path in out.iterdir()) == [
        'images', 'train.json', 'val.json',
    ]  # fmt: skip
    for file, sizes in (('train.json', (8, 2)), ('val.json', (4, 1))):
        sources = {'toy': read(toy_root / file), 'hand': read(hand / file)}
        content = read(out / file)
        for key, place in (('images', 0), ('annotations', 1)):
            numbers = {n: len(source[key]) for n, source in sources.items()}
            found = {n: counts[place] for n, counts in joined.counts[file].items()}
            assert found == numbers
            ids = [entry['id'] for entry in content[key]]
            assert ids == list(range(1, sum(numbers.values()) + 1))
        assert tuple(n for n, _ in joined.counts[file].values()) == sizes
        maps = label_maps(out, file)
        wanted = {
            f'{name}/{image}': label_map
            for name, root in (('toy', toy_root), ('hand', hand))
            for image, label_map in label_maps(root, file).items()
        }
        assert list(maps) == list(wanted) and any(m.any() for m in maps.values())
        for name, label_map in wanted.items():
            assert (maps[name] == label_map).all()
    for source in (*toy_root.glob('batch*/*.jpg'), *(hand / 'images').rglob('*.jpg')):
        name = 'hand' if source.is_relative_to(hand) else 'toy'
        base = hand / 'images' if name == 'hand' else toy_root
        copied = out / 'images' / name / source.relative_to(base)
        if not copied.exists():  # an image of test.json
            continue
        assert copied.read_bytes() == source.read_bytes()
        assert copied.is_symlink() == (link == 'symlink')
        assert copied.samefile(source) == (link != 'copy')


def test_fields_are_kept(hand: Path, tmp_path: Path, coco: dict[str, Any]) -> None:
    other = write_data(tmp_path / 'other', coco)
    coco['licenses'] = [dict(id=0, name='mine')]
    (other / 'train.json').write_text(json.dumps(coco))
    join_data_roots(dict(a=other, b=hand), tmp_path / 'out', RULE)
    content = read(tmp_path / 'out/train.json')
    assert content['licenses'] == [
        dict(id=1, name='mine'), dict(id=2, name='CC0'), dict(id=3, name='MIT'),
    ]  # fmt: skip
    assert content['images'][3] == dict(
        id=4, file_name='b/batch_00/0000.jpg', height=40, width=48, license=3,
        flickr_url='f',
    )  # fmt: skip
    # The first root was given the second's fields, but no licence 8 or 99 to explain.
    assert not any('license' in image for image in content['images'][:3])
    first = read(hand / 'train.json')['annotations'][0]
    renewed = dict(id=6, image_id=4, category_id=first['category_id'] - 100)
    assert content['annotations'][5] == {**first, **renewed}
    assert content['annotations'][5]['note'] == 'note 0'
    assert [c['id'] for c in content['categories']] == list(range(1, 11))
    assert content['info']['description'] == 'joined from a, b'
    assert content['info']['joined'][1] == dict(
        name='b', folder='hand', images=2, annotations=2, info=dict(year=2020)
    )


def test_unknown_and_ignored(hand: Path, tmp_path: Path) -> None:
    content = read(hand / 'train.json')
    content['categories'].append(dict(id=500, name='UNKNOWN'))
    content['annotations'][1]['category_id'] = 500
    (hand / 'train.json').write_text(json.dumps(content))
    with pytest.raises(DataError, match='needs a decision'):
        join_data_roots(dict(a=hand), tmp_path / 'out', RULE)
    for unknown, classes in (
        ('ignore', CLASSES),
        ('general_trash', CLASSES),
        ('class', CLASSES_COHORT1),
    ):
        out = tmp_path / unknown
        join_data_roots(dict(a=hand), out, CategoryRule(classes, unknown))
        before = label_maps(hand, 'train.json', unknown=unknown)
        # Only the twelfth class is still a name that needs a decision.
        kept = 'class' if unknown == 'class' else None
        after = label_maps(out, 'train.json', unknown=kept)
        for name, label_map in before.items():
            assert (after[f'a/{name}'] == label_map).all()
        assert len(np.unique(next(iter(after.values())))) == 3


def test_test_json_without_annotations(toy_root: Path, tmp_path: Path) -> None:
    labelled = tmp_path / 'labelled'
    labelled.mkdir()
    for entry in toy_root.iterdir():
        if entry.is_dir():
            (labelled / entry.name).symlink_to(entry)
    (labelled / 'test.json').write_text((toy_root / 'val.json').read_text())
    joined = join_data_roots(dict(a=toy_root, b=labelled), tmp_path / 'out', RULE)
    assert joined.counts == {'test.json': {'a': (3, 0), 'b': (4, 0)}}
    assert 'annotations' not in read(tmp_path / 'out/test.json')
    join_data_roots(dict(b=labelled), tmp_path / 'out2', RULE)
    count = len(read(toy_root / 'val.json')['annotations'])
    assert len(read(tmp_path / 'out2/test.json')['annotations']) == count


def test_copies_where_there_are_no_hard_links(
    hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError('another file system')

    monkeypatch.setattr(os, 'link', refuse)
    join_data_roots(dict(a=hand), tmp_path / 'out', RULE)
    copied = tmp_path / 'out/images/a/batch_00/0000.jpg'
    assert copied.stat().st_nlink == 1 and not copied.is_symlink()
    assert not check_data_root(tmp_path / 'out', RULE)


def test_tool(project: Path, toy_root: Path, hand: Path, tmp_path: Path) -> None:
    tool = [sys.executable, str(project / 'tools/data/join.py'), str(tmp_path / 'out')]
    command = [*tool, f'toy={toy_root}', f'hand={hand}']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'out/train.json: 10 images (toy 8, hand 2), ' in done.stdout
    assert 'train_all.json: left out, hand has none' in done.stdout
    for arguments, message in (
        (command[3:], 'exists already'),
        ([str(hand)], 'a source is NAME=ROOT, got '),
        ([f'a={hand}', f'a={toy_root}'], "the name 'a' stands for two sources"),
    ):
        done = subprocess.run(
            [*tool, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and message in done.stderr
