"""Loading configs, their overrides and their errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmseg_trash.config import (
    build_model,
    load_config,
    num_classes,
    walk,
    without_pretrained,
)
from mmseg_trash.errors import ConfigError

CONFIG = 'configs/segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'


@pytest.fixture
def config(project: Path) -> Path:
    return project / CONFIG


def roots(cfg: object) -> set[str]:
    return {node['data_root'] for node in walk(cfg) if 'data_root' in node}


def test_data_root_from_argument_and_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert roots(load_config(config)._cfg_dict) == {'data/trash'}
    assert roots(load_config(config, data_root='/a')._cfg_dict) == {'/a'}
    monkeypatch.setenv('TRASH_DATA_ROOT', '/b')
    assert roots(load_config(config)._cfg_dict) == {'/b'}
    assert roots(load_config(config, data_root='/a')._cfg_dict) == {'/a'}


def test_a_folder_with_any_name_is_a_folder(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / 'ran'
    harmful = f"x'+str(open({str(mark)!r},'w'))+'"
    for name in ("o'neil", 'a"b', 'back\\slash', '{{ x }}', 'two\nlines', harmful):
        assert roots(load_config(config, data_root=name)._cfg_dict) == {name}
        monkeypatch.setenv('TRASH_DATA_ROOT', name)
        cfg = load_config(config)
        assert roots(cfg._cfg_dict) == {name}
        cfg.dump(tmp_path / 'dumped.py')
        monkeypatch.delenv('TRASH_DATA_ROOT')
        assert roots(load_config(tmp_path / 'dumped.py')._cfg_dict) == {name}
    for fold in ("0'+'", harmful):
        with pytest.raises(ConfigError, match='a fold must be a number'):
            load_config(config, fold=fold)
    assert not mark.exists()


def test_fold_selects_the_lists(config: Path) -> None:
    plain = load_config(config).train_dataloader.dataset
    assert (plain.ann_file, plain.subset) == ('train.json', '')
    fold = load_config(config, fold=3)
    assert fold.train_dataloader.dataset.ann_file == 'train_all.json'
    assert '3' in Path(fold.train_dataloader.dataset.subset).name
    assert fold.val_dataloader.dataset.subset != fold.train_dataloader.dataset.subset


def test_dumped_config_moves_but_keeps_its_fold(config: Path, tmp_path: Path) -> None:
    dumped = tmp_path / 'dumped.py'
    load_config(config, fold=1).dump(dumped)
    again = load_config(dumped, data_root='/elsewhere', fold=1)
    assert roots(again._cfg_dict) == {'/elsewhere'}
    with pytest.raises(ConfigError, match="with fold '1'"):
        load_config(dumped, fold=2)


def test_from_scratch_drops_every_pretrained_weight(project: Path) -> None:
    for config in (project / 'configs').glob('[a-z]*/*_trash-512x512.py'):
        cfg = load_config(config)
        before = str(cfg.model)
        assert 'Pretrained' in before, config
        assert 'Pretrained' not in str(without_pretrained(cfg).model), config


@pytest.mark.parametrize(
    'options',
    [
        {'optim_wrapper.optimizer.lr': 1e-4},
        {'optim_wrapper.clip_grad.max_norm': 1.0},
        {'optim_wrapper.accumulative_counts': 2},
        {'param_scheduler.0.end': 10},
        {'model.decode_head.dropout_ratio': 0.0},
        {'model.backbone.with_cp': True},
        {'train_dataloader.dataset.rule': 'vertices'},
        {'train_dataloader.prefetch_factor': 4},
        {'default_hooks.checkpoint.save_last': False},
        {
            'model.decode_head.norm_cfg.type': 'GN',
            'model.decode_head.norm_cfg.num_groups': 32,
        },
        {'load_from': 'a.pth', 'find_unused_parameters': True},
    ],
)
def test_good_overrides_are_merged(config: Path, options: dict) -> None:
    cfg = load_config(config, options)
    for key, value in options.items():
        node = cfg
        for part in key.split('.'):
            node = node[int(part)] if part.isdigit() else node[part]
        assert node == value


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('optim_wraper.optimizer.lr', 'did you mean optim_wrapper'),
        ('optim_wrapper.optimizer.learning_rate', "no 'learning_rate'"),
        ('model.decode_head.num_class', 'did you mean num_classes'),
        ('model.backbone.drop_path', 'drop_path_rate'),
        ('train_dataloader.batchsize', 'did you mean batch_size'),
        ('param_scheduler.7.end', 'is a list of 2'),
        ('optim_wrapper.optimizer.lr.x', 'has nothing inside'),
        ('train_dataloader.dataset.rulle', 'did you mean rule'),
        ('env_cfg.cudnn_bench', 'did you mean cudnn_benchmark'),
        ('seed', 'the config has no'),
    ],
)
def test_misspelt_overrides_are_refused(config: Path, key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(config, {key: 1})


def test_files_that_are_no_configs(project: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.py'):
        load_config(tmp_path / 'nowhere.py')
    broken = tmp_path / 'broken.py'
    broken.write_text('model = dict(\n')
    with pytest.raises(ConfigError, match='broken.py'):
        load_config(broken)
    with pytest.raises(ConfigError, match='defines no model'):
        load_config(project / 'configs/_base_/schedules/adamw_poly_20k.py')


def test_build_model_takes_the_preprocessor(config: Path) -> None:
    cfg = load_config(config, from_scratch=True)
    model = build_model(cfg, device='meta')
    assert next(model.parameters()).device.type == 'meta'
    assert model.data_preprocessor.size == (512, 512)
    assert num_classes(cfg) == model.decode_head.num_classes == 11


def test_data_sets_are_known_without_a_config() -> None:
    """As tools/score.py builds one, in a process where nothing else is imported."""
    code = (
        'from mmseg_trash.config import build_dataset\n'
        "build_dataset(dict(type='TrashDataset', ann_file='none.json', data_root='x'))"
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 'none.json' in done.stderr and 'KeyError' not in done.stderr
