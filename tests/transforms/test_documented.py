"""docs/augmentation.md names what there is, and what it names is there."""

import re
from pathlib import Path

import mmseg.models  # noqa: F401
from mmengine.registry import DefaultScope
from mmseg.registry import DATA_SAMPLERS, HOOKS, MODELS, TRANSFORMS

import mmseg_trash.hooks
import mmseg_trash.models  # noqa: F401
from mmseg_trash import datasets, transforms

REGISTRIES = (TRANSFORMS, DATA_SAMPLERS, HOOKS, MODELS)
PLAIN = ('Fast', 'Load', 'Pack')


def test_all_is_named_and_known(project: Path) -> None:
    text = (project / 'docs/augmentation.md').read_text(encoding='utf-8')
    rows = re.findall(r'^\| `(\w+)` \|', text, re.MULTILINE)
    ours = [name for name in transforms.__all__ if not name.startswith(PLAIN)]
    samplers = [name for name in datasets.__all__ if name.endswith('Sampler')]
    assert sorted(rows) == sorted(ours + samplers)
    used = re.findall(r"type='(\w+)'", text)
    assert len(used) >= 6
    with DefaultScope.overwrite_default_scope('mmseg'):
        for name in {*rows, *used}:
            assert any(registry.get(name) for registry in REGISTRIES), name


def test_tags_are_those_of_the_configs(project: Path) -> None:
    text = (project / 'docs/augmentation.md').read_text(encoding='utf-8')
    tags = re.findall(r'\| `([a-z\d]+)` \|$', text, re.MULTILINE)
    assert len(tags) >= 9
    leaves = [path.stem for path in (project / 'configs').glob('*/*.py')]
    for tag in tags:
        assert any(f'-{tag}-' in stem for stem in leaves), tag
