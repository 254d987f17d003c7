"""docs/training.md and tracking.md name what there is; configs and options load."""

import re
import shlex
from pathlib import Path

import mmseg.engine  # noqa: F401
import pytest
import torch
from mmengine.config import DictAction
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmseg.registry import (
    HOOKS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    VISBACKENDS,
)

from mmseg_trash import hooks, optim_wrappers, optimizers, vis_backends
from mmseg_trash.config import build_model, load_config
from mmseg_trash.launch import add_trackers

REGISTRIES = (
    HOOKS, OPTIMIZERS, OPTIM_WRAPPERS, OPTIM_WRAPPER_CONSTRUCTORS, PARAM_SCHEDULERS,
)  # fmt: skip
FOLDER = Path(__file__).parents[1] / 'configs/segformer'
PAGE = Path(__file__).parents[1] / 'docs/training.md'
TRACKING = PAGE.with_name('tracking.md').read_text('utf-8')
PAGES = PAGE.read_text('utf-8') + TRACKING
BLOCKS = re.findall(r'```python\n(.*?)```', PAGES, re.DOTALL)
OPTIONS = re.findall(r'--cfg-options ([^`;:]+)`', PAGE.read_text('utf-8'))
ELSEWHERE = {  # hooks of other pages
    'CDBHook', 'ClassFrequencyHook', 'CopyPasteRefreshHook', 'MaskAnnealingHook',
    'MeanLossHook', 'PseudoLabelHook', 'TrainedImagesHook', 'TrialPruneHook',
}  # fmt: skip


def rows() -> list[str]:
    return re.findall(r'^\| `(\w+)` \|', PAGE.read_text('utf-8'), re.MULTILINE)


def test_all_is_named_and_known() -> None:
    named = set(rows())
    ours = set(hooks.__all__) - ELSEWHERE | set(optimizers.__all__)
    ours |= {n for n in optim_wrappers.__all__ if n.endswith('Constructor')}
    assert named >= ours
    used = re.findall(r"type='(\w+)'", PAGE.read_text('utf-8'))
    assert len(used) >= 6
    with DefaultScope.overwrite_default_scope('mmseg'):
        for name in named | set(used) - {'StochasticWeightAverage'}:
            assert any(registry.get(name) for registry in REGISTRIES), name


def test_trackers_are_named() -> None:
    names = re.findall(r'`(_base_/trackers/\w+\.py)` \| `(\w+)`', TRACKING)
    assert sorted(name for _, name in names) == vis_backends.__all__
    found = sorted(p.name for p in (FOLDER.parent / '_base_/trackers').glob('*.py'))
    assert sorted(Path(path).name for path, _ in names) == found


def test_tags_and_schedules_are_there() -> None:
    text = PAGE.read_text('utf-8')
    tags = [*re.findall(r'\| `([a-z\d]+)` \|$', text, re.MULTILINE), 'ema', 'swa']
    assert len(tags) >= 9
    leaves = [path.stem for path in FOLDER.parent.glob('*/*.py')]
    for tag in tags:
        assert any(f'-{tag}-' in stem for stem in leaves), tag
    schedules = re.findall(r'`(?:_base_/schedules/)?(\w+_20k)(?:\.py)?`', text)
    assert len(schedules) >= 6
    for name in schedules:
        assert (FOLDER.parent / f'_base_/schedules/{name}.py').is_file()
    for name in re.findall(r'\]\((\w+\.md)\)', text):
        assert (PAGE.parent / name).is_file(), name
    for name in re.findall(r'(?:configs/\S+|tools/\w+)\.py', text):
        assert (PAGE.parents[1] / name).is_file(), name


@pytest.mark.parametrize('block', BLOCKS)
def test_configs_build(block: str, tmp_path: Path) -> None:
    file = tmp_path / 'own.py'
    file.write_text(
        block.replace("'./", f"'{FOLDER}/").replace("'../", f"'{FOLDER.parent}/"),
        encoding='utf-8',
    )
    cfg = load_config(file, from_scratch=True)
    add_trackers(cfg)
    with DefaultScope.overwrite_default_scope('mmseg'):
        for backend in cfg.visualizer.vis_backends:
            VISBACKENDS.build({'save_dir': str(tmp_path), **backend})
    model = build_model(cfg)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    with DefaultScope.overwrite_default_scope('mmseg'):
        for hook in [*cfg.custom_hooks, cfg.default_hooks.checkpoint]:
            HOOKS.build({k: v for k, v in hook.items() if k != 'priority'})
        for step in cfg.param_scheduler:
            PARAM_SCHEDULERS.build(step, default_args=dict(optimizer=wrapper))
    if 'LayerDecay' in block:
        rates = {group['lr'] for group in wrapper.param_groups}
        assert len(rates) >= 9, 'eight blocks, stem, head'
    assert all(torch.isfinite(p).all() for p in model.parameters())


@pytest.mark.parametrize('text', OPTIONS)
def test_options_load(text: str) -> None:
    options = {}
    for part in shlex.split(text):
        key, value = part.split('=', 1)
        options[key] = DictAction._parse_iterable(value)
    leaf = FOLDER / 'segformer_mit-b0_1xb8-20k_trash-512x512.py'
    plain, cfg = load_config(leaf), load_config(leaf, options)
    assert cfg.to_dict() != plain.to_dict()


def test_there_are_some() -> None:
    assert len(BLOCKS) >= 8 and len(OPTIONS) >= 5
