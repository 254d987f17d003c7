"""docs/pseudo_labels.md: its configs load, its options and types exist."""

import re
from pathlib import Path
from typing import Any

import mmseg.models  # noqa: F401
import pytest
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS, HOOKS, MODELS, TRANSFORMS

import mmseg_trash.hooks
import mmseg_trash.models  # noqa: F401
from mmseg_trash import datasets, losses, transforms  # noqa: F401
from mmseg_trash.config import load_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/pseudo_labels.md').read_text(encoding='utf-8')
SNIPPETS = [
    s for s in re.findall(r'```python\n(.*?)```', PAGE, re.S) if '_base_ =' in s
]


@pytest.mark.parametrize('number', range(2))
def test_configs_load(tmp_path: Path, number: int) -> None:
    assert len(SNIPPETS) == 2
    file = tmp_path / 'config.py'
    file.write_text(SNIPPETS[number].replace("'./", f"'{ROOT}/configs/segformer/"))
    cfg: Any = load_config(file)
    if number == 0:
        dataset = cfg.train_dataloader.dataset
        assert dataset.type == 'PseudoLabelledDataset'
        assert dataset.ann_file == 'train.json'
        assert dataset.pseudo == [dict(ann_file='pseudo/round1.json', weight=0.5)]
    else:
        assert cfg.model.type == 'SoftLabelEncoderDecoder'
        assert [step['type'] for step in cfg.train_pipeline][2] == 'LoadSoftLabels'


def test_options_and_types_exist() -> None:
    tools = ('pseudo_label', 'train', 'test', 'score', 'predict', 'ensemble')
    tools += ('data/make_toy',)
    known = ''.join((ROOT / f'tools/{tool}.py').read_text() for tool in tools)
    options = set(re.findall(r'--[a-z][a-z-]+', PAGE))
    assert len(options) >= 12
    assert not {option for option in options if f"'{option}'" not in known}
    registries = (DATASETS, HOOKS, MODELS, TRANSFORMS)
    types = set(re.findall(r"type='(\w+)'", PAGE))
    assert len(types) == 6
    with DefaultScope.overwrite_default_scope('mmseg'):
        for name in types:
            assert any(registry.get(name) for registry in registries), name
    for path in re.findall(r'configs/segformer/\S+\.py', PAGE):
        assert (ROOT / path).is_file()
