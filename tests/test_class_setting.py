"""Classes are stated once; data sets, heads and losses follow."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmseg_trash.class_setting import annotated_classes, datasets_of
from mmseg_trash.config import load_config, num_classes, walk
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.metainfo import CLASSES

OWN = ['Background', 'can', 'bottle', 'cup']
CONFIGS = (
    'segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py',
    'upernet/upernet_swin-t_1xb8-20k_trash-512x512.py',
    'ocrnet/ocrnet_hrnet-w18_1xb8-20k_trash-512x512.py',
    'mask2former/mask2former_convnext-l-in22k_1xb8-20k_trash-640x640.py',
    'smpfpn/smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py',
)


def counts(cfg: Config) -> set[int]:
    return {node['num_classes'] for node in walk(cfg.model) if 'num_classes' in node}


@pytest.mark.parametrize('name', CONFIGS)
def test_everything_follows(project: Path, tmp_path: Path, name: str) -> None:
    cfg = load_config(project / 'configs' / name, {'classes': OWN})
    assert counts(cfg) == {4} and num_classes(cfg) == 4
    places = dict(datasets_of(cfg))
    assert set(places) == {
        'train_dataloader.dataset', 'val_dataloader.dataset', 'test_dataloader.dataset',
        'predict_dataset',
    }  # fmt: skip
    assert all(node['metainfo']['classes'] == OWN for node in places.values())
    cfg.dump(tmp_path / 'dumped.py')
    again = load_config(tmp_path / 'dumped.py')
    assert counts(again) == {4} and again.classes == OWN


def test_in_a_config_of_ones_own(project: Path, tmp_path: Path) -> None:
    file = tmp_path / 'own.py'
    base = project / 'configs' / CONFIGS[1]
    file.write_text(f'_base_ = {str(base)!r}\nclasses = {OWN}\n')
    assert counts(load_config(file)) == {4}
    assert load_config(base).get('classes') is None and counts(load_config(base)) == {
        11
    }


def test_auto_takes_the_classes_that_objects_have(
    project: Path, tmp_path: Path
) -> None:
    content: dict[str, Any] = dict(
        categories=[
            dict(id=0, name='trash-x7'), dict(id=3, name='can'), dict(id=2, name='cup'),
        ],
        annotations=[dict(category_id=3), dict(category_id=2)],
    )  # fmt: skip
    (tmp_path / 'train.json').write_text(json.dumps(content))
    cfg = load_config(project / 'configs' / CONFIGS[0], {'classes': 'auto'}, tmp_path)
    assert cfg.classes == ['Background', 'cup', 'can'] and counts(cfg) == {3}
    content['categories'][2]['name'] = 'background'
    (tmp_path / 'train.json').write_text(json.dumps(content))
    assert annotated_classes(tmp_path / 'train.json') == ['Background', 'can']
    for broken in ('[]', '{}', '{"annotations": [], "categories": []}', 'x'):
        (tmp_path / 'train.json').write_text(broken)
        with pytest.raises(DataError, match=r'train\.json'):
            annotated_classes(tmp_path / 'train.json')
    with pytest.raises(FileNotFoundError, match=r'none\.json'):
        annotated_classes(tmp_path / 'none.json')


@pytest.mark.parametrize(
    'classes', ['Can', [], ['a', 'a'], ['a', ''], ['a', 1], 3, {}], ids=repr
)
def test_no_names_are_refused(project: Path, classes: Any) -> None:
    with pytest.raises(ConfigError, match='classes must be a list of distinct names'):
        load_config(project / 'configs' / CONFIGS[0], {'classes': classes})


def test_contradictions_are_refused_before_training(project: Path) -> None:
    path = project / 'configs' / CONFIGS[1]
    for options, told in (
        ({'model.auxiliary_head.num_classes': 5}, 'model.auxiliary_head has num_class'),
        ({'model.decode_head.num_classes': 5}, '11 classes, but model.decode_head has'),
        (
            {'train_dataloader.dataset.metainfo': dict(classes=OWN)},
            'train_dataloader.dataset has 4 classes',
        ),
        (
            {'classes': OWN, 'model.decode_head.num_classes': 5},
            'model.decode_head.num_classes=5, but there are 4 classes',
        ),
        (
            {
                'classes': list(CLASSES),
                'val_dataloader.dataset.metainfo': dict(classes=OWN),
            },
            'val_dataloader.dataset.metainfo.classes',
        ),
    ):
        with pytest.raises(ConfigError, match=told):
            load_config(path, options)
