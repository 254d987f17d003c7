"""Every config parses and is what its file name claims; test_model_zoo builds them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from mmseg_trash.config import build_model, load_config
from mmseg_trash.config_name import ConfigName, parse
from mmseg_trash.metainfo import NUM_CLASSES

CONFIGS = Path(__file__).parents[1] / 'configs'
LEAVES = sorted(p for p in CONFIGS.glob('[!_]*/*.py'))
BASES = sorted(CONFIGS.glob('_base_/**/*.py'))

CLAIMS = yaml.safe_load(Path(__file__).with_name('config_claims.yml').read_text())
ENLARGED = ('demo', 'photos')
MIXES = ('ClassMix', 'CopyPaste', 'CutMix', 'Mosaic', 'ObjectBankPaste')
DATA_ROOTS = dict(
    demo='tools/demo_data',
    photos='work_dirs/photos',
    taco='data/taco',
    toy='work_dirs/toy_data',
    trash='data/trash',
)
# Mean and deviation that the backbones were trained with, by words of the name.
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
NORMALIZATION = {
    'efficientnet-lite': ([127.0] * 3, [128.0] * 3),
    '-augreg': ([127.5] * 3, [127.5] * 3),
}


def _backbone_claims(name: ConfigName) -> dict[str, Any]:
    """Return what the backbone's name means, here or with any method."""
    word = f'{name.backbone}-{name.size}'
    known = CLAIMS['backbones']
    return dict(known.get(f'{name.method}_{word}') or known[word])


def _types(cfg: Config) -> list[str]:
    return [step['type'] for step in cfg.train_dataloader.dataset.pipeline]


def _at(node: Any, key: str) -> Any:
    """Return what stands at a dotted key, None if nothing does.

    A name leads into the last of the heads of a cascade.
    """
    for part in key.split('.'):
        if isinstance(node, (list, tuple)) and not part.isdigit():
            node = node[-1] if node else None
        if isinstance(node, (list, tuple)):
            node = node[int(part)] if int(part) < len(node) else None
        else:
            node = node.get(part) if hasattr(node, 'get') else None
    return node


def _listed(node: Any) -> list[Any]:
    """Return a list of what stands alone, in a list, or not at all."""
    return node if isinstance(node, list) else [] if node is None else [node]


def _has_effect(cfg: Config, key: str, value: Any) -> bool:
    if value is None:  # taken away, which is more than not being there
        parent, _, last = key.rpartition('.')
        return last in _at(cfg, parent) and _at(cfg, key) is None
    return value in _types(cfg) if key == 'step' else _at(cfg, key) == value


@pytest.fixture(scope='module', params=LEAVES, ids=lambda p: p.stem)
def leaf(request: pytest.FixtureRequest) -> tuple[Path, ConfigName, Config]:
    return request.param, parse(request.param), load_config(request.param)


def test_all_are_found() -> None:
    assert len(LEAVES) >= 26
    assert len(BASES) >= 9
    assert {p.parent.name for p in LEAVES} >= {'segformer', 'upernet'}


def test_name_matches_data_and_schedule(leaf: tuple) -> None:
    _, name, cfg = leaf
    assert cfg.train_cfg.max_iters == name.iterations
    assert cfg.param_scheduler[-1].end == name.iterations
    assert name.iterations % cfg.train_cfg.val_interval == 0
    assert cfg.train_dataloader.batch_size == name.batch
    assert cfg.auto_scale_lr.base_batch_size == name.gpus * name.batch
    assert cfg.data_root == DATA_ROOTS[name.dataset]
    assert tuple(cfg.crop_size) == name.crop_size
    assert tuple(cfg.data_preprocessor['size']) == name.crop_size
    crops = [s for s in cfg.train_dataloader.dataset.pipeline if 'Crop' in s['type']]
    assert [tuple(crop.crop_size) for crop in crops] == [name.crop_size]


def test_test_scale_is_training_scale(leaf: tuple) -> None:
    _, name, cfg = leaf
    # some photographs are seen larger than in training, for a reason
    tested = tuple(cfg.get('test_scale', cfg.base_scale))
    assert (tested == tuple(cfg.base_scale)) == (name.dataset not in ENLARGED)
    for pipeline in (cfg.test_pipeline, cfg.predict_pipeline):
        assert [tuple(p['scale']) for p in pipeline if 'scale' in p] == [tested]
    side = name.crop_size[0]
    assert min(cfg.base_scale) == side
    resize = cfg.train_dataloader.dataset.pipeline[len(cfg.load_pipeline) + _mixes(cfg)]
    if 'ratio_range' in resize:
        low, high = (r * min(resize.scale) for r in resize.ratio_range)
    else:
        low, high = min(resize.scales), max(resize.scales)
    # the toy scenes are drawn at the scale they are seen at
    spread = (0.8, 1.25) if name.dataset == 'toy' else (0.5, 2)
    assert (low, high) == tuple(factor * side for factor in spread)
    views = cfg.tta_pipeline[-1].transforms
    assert tested in [tuple(view.scale) for view in views[0]]
    assert [{'type': 'LoadLabelMap'}] in views


def _mixes(cfg: Config) -> int:
    return sum(kind in MIXES for kind in _types(cfg))


def test_name_matches_network(leaf: tuple) -> None:
    path, name, cfg = leaf
    claims = _backbone_claims(name)
    claims.pop('checkpoint')
    assert path.parent.name == name.method
    assert {key: _at(cfg.model.backbone, key) for key in claims} == claims
    heads = _listed(cfg.model.decode_head)
    assert heads[-1].type in _listed(CLAIMS['methods'][name.method])
    for head in heads + _listed(cfg.model.get('auxiliary_head')):
        assert head.num_classes == NUM_CLASSES
        assert isinstance(head.get('loss_decode', []), list)
        # group norm counts no batch, and nothing has to be shared
        assert head.get('norm_cfg', {}).get('type', 'BN') in ('BN', 'GN')


def test_name_matches_pretrained_weights(leaf: tuple) -> None:
    _, name, cfg = leaf
    init = cfg.model.backbone.init_cfg
    if name.pretrain == 'scratch':
        assert init is None
        return
    claims = _backbone_claims(name)
    assert claims['checkpoint'] in init.checkpoint
    large = re.search(r'22k|in21k', init.checkpoint)  # two names of one set
    assert bool(large) == ('in22k' in name.pretrain)
    if window := cfg.model.backbone.get('window_size'):
        assert f'window{window}_' in init.checkpoint
        assert (window == 12) == ('w12-384' in name.pretrain)


def test_input_is_what_the_backbone_has_seen(leaf: tuple) -> None:
    path, _, cfg = leaf
    known = [numbers for word, numbers in NORMALIZATION.items() if word in path.stem]
    given = cfg.data_preprocessor
    assert (given['mean'], given['std']) == (known[0] if known else IMAGENET)
    assert 'normalization' not in cfg and 'data_preprocessor' not in cfg.model


def test_tags(leaf: tuple) -> None:
    """Each tag is in the vocabulary and has its effect, and no other has."""
    _, name, cfg = leaf
    text = (CONFIGS / 'README.md').read_text(encoding='utf-8')
    section = text.split('## Tags')[1].split('\n## ')[0]
    vocabulary = re.findall(r'^\| `([a-z\d]+)`', section, re.MULTILINE)
    assert vocabulary == sorted(CLAIMS['tags'])
    assert list(name.tags) == sorted(name.tags)
    effects = CLAIMS['tags'].items()
    seen = {t for t, e in effects if all(_has_effect(cfg, *pair) for pair in e.items())}
    assert seen == set(name.tags)


def test_leaves_are_deltas() -> None:
    for path in LEAVES:
        text = path.read_text(encoding='utf-8')
        assert len(text.splitlines()) <= 25, path
        assert 'noqa' not in text, path
        bases = re.findall(r"'(\./[^']+)'", text)
        for base in bases:  # a leaf of a leaf of bases, not deeper
            parent = (path.parent / base).read_text(encoding='utf-8')
            grand = [
                (path.parent / b).read_text(encoding='utf-8')
                for b in re.findall(r"'(\./[^']+)'", parent)
            ]
            assert all("'./" not in g for g in grand), path


def test_nothing_is_deleted_or_absolute() -> None:
    for path in LEAVES + BASES:
        text = path.read_text(encoding='utf-8')
        assert '_delete_' not in text, path
        assert not re.search(r"'(/|~|[A-Za-z]:\\)", text), path


def test_bases_share_no_key() -> None:
    kinds: dict[str, set[str]] = {}
    for path in BASES:
        kind = path.parent.name
        keys = set(Config.fromfile(path, import_custom_modules=False).keys())
        assert keys
        kinds.setdefault(kind, set()).update(keys)
    names = sorted(kinds)
    assert names == ['_base_', 'datasets', 'models', 'schedules', 'trackers']
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            assert not kinds[one] & kinds[other], (one, other)
    assert kinds['models'] == {'model', 'normalization'}


def _groups(path: str) -> dict[str, dict[str, Any]]:
    cfg = load_config(CONFIGS / path, from_scratch=True)
    model = build_model(cfg, 'meta')
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(p): n for n, p in model.named_parameters()}
    return {names[id(p)]: g for g in optimizer.param_groups for p in g['params']}


def test_decay_and_rates() -> None:
    groups = _groups('upernet/upernet_swin-t_1xb8-20k_trash-512x512.py')
    free = {n for n, g in groups.items() if g['weight_decay'] == 0}
    assert all('norm' in n or '.bn.' in n or 'bias_table' in n for n in free)
    assert any('bias_table' in n for n in free)
    assert 'backbone.norm3.weight' in free
    assert {g['lr'] for g in groups.values()} == {6e-5}
    groups = _groups('segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py')
    assert groups['backbone.layers.3.2.weight']['weight_decay'] == 0
    rates = {(n.split('.')[0], round(g['lr'], 9)) for n, g in groups.items()}
    assert rates == {('backbone', 6e-5), ('decode_head', 6e-4)}


def test_fold_and_data_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('FOLD', '2')
    monkeypatch.setenv('TRASH_DATA_ROOT', '/photographs')
    for path in LEAVES:
        cfg = load_config(path)
        for loader, part in (
            (cfg.train_dataloader, 'train'),
            (cfg.val_dataloader, 'val'),
        ):
            assert loader.dataset.ann_file == 'train_all.json', path
            assert loader.dataset.subset == f'folds/fold2_{part}.txt', path
            assert loader.dataset.data_root == '/photographs', path
        assert cfg.predict_dataset.ann_file == 'test.json'
        assert cfg.predict_dataset.data_root == '/photographs'
