"""What an ablation's config changes, and how a change moves."""

import re
from pathlib import Path

import pytest

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments.ablation import make_arms
from mmseg_trash.experiments.changes import (
    area,
    changed_steps,
    check_change,
    differences,
    find_change,
    transplant,
)

B0 = 'segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'
TOY = 'segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
LIGHT = '{0}/{0}_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'


@pytest.fixture()
def configs(project: Path) -> Path:
    return project / 'configs'


def test_the_zoo_has_the_change(configs: Path, tmp_path: Path) -> None:
    found = find_change(configs / B0, 'iouce', configs)
    assert found.name == 'segformer_mit-b0_1xb8-iouce-20k_trash-512x512.py'
    arms = make_arms(configs / B0, ['iouce', 'classmix'], configs, tmp_path)
    assert [arm.name for arm in arms] == ['base', 'iouce', 'classmix']
    assert arms[1].config == found and not any(tmp_path.iterdir())
    assert arms[1].changed == ['model.decode_head.loss_decode']
    assert arms[2].changed == ['train_dataloader.dataset.pipeline']


def test_a_change_moves_to_another_config(configs: Path, tmp_path: Path) -> None:
    _, iouce, classmix = make_arms(
        configs / TOY, ['iouce', 'classmix'], configs, tmp_path
    )
    assert iouce.config.parent == tmp_path / 'configs'
    base = load_config(configs / TOY)
    child = load_config(iouce.config)
    ((key, (_, new)),) = differences(base, child).items()
    assert key == 'model.decode_head.loss_decode' and new[0]['type'] == 'IoUCELoss'
    pipeline = load_config(classmix.config).train_dataloader.dataset.pipeline
    assert [s for s in pipeline if s['type'] != 'ClassMix'] == (
        base.train_dataloader.dataset.pipeline
    )
    whole = configs / 'segformer/segformer_mit-b1_1xb8-20k_trash-512x512.py'
    assert transplant(whole, configs / TOY, tmp_path / 'c.py').is_file()
    with pytest.raises(ConfigError, match='expected one line _base_'):
        transplant(configs / B0, configs / TOY, tmp_path / 'c.py')


@pytest.mark.parametrize('method', ['segformer', 'smpfpn'])
def test_the_ablations_of_the_documents_move(
    method: str, configs: Path, tmp_path: Path
) -> None:
    """To a schedule of less than a thousand iterations, and to another method."""
    text = (configs.parent / 'docs/ablations/README.md').read_text(encoding='utf-8')
    tags = re.findall(r'--with (\w+)', text)
    assert len(tags) >= 11
    base = configs / LIGHT.format(method)
    arms = make_arms(base, tags, configs, tmp_path)
    assert [arm.name for arm in arms] == ['base', *tags]
    for arm in arms[1:]:
        child = load_config(arm.config)
        assert child.data_preprocessor['mean'] == [127.0, 127.0, 127.0]
        assert child.model.backbone.name == 'tu-tf_efficientnet_lite0'
        assert child.train_cfg.max_iters == 600


def test_two_changes_are_refused(configs: Path) -> None:
    base = load_config(configs / B0)
    many = configs / B0.replace('1xb8', '1xb8-classmix-copypaste-iouce')
    with pytest.raises(ConfigError, match=r'changes 2 things .*augmentation, loss'):
        check_change(base, load_config(many), 'all')
    child = load_config(configs / B0.replace('1xb8', '1xb8-classmix'))
    child.train_dataloader.dataset.pipeline.append(dict(type='Another'))
    with pytest.raises(ConfigError, match=r'2 steps .*\(Another, ClassMix\)'):
        check_change(base, child, 'classmix')
    with pytest.raises(ConfigError, match='changes nothing'):
        check_change(base, load_config(configs / B0), 'none')


def test_a_hook_comes_with_what_needs_it(configs: Path) -> None:
    base = load_config(configs / B0)
    cdb = load_config(configs / B0.replace('1xb8', '1xb8-cdb'))
    assert set(check_change(base, cdb, 'cdb')) == {
        'custom_hooks', 'model.decode_head.loss_decode',
    }  # fmt: skip
    for hook in ('CDBHook', 'AveragedWeightsHook'):
        child = load_config(configs / B0.replace('1xb8', '1xb8-classmix'))
        child.custom_hooks.append(dict(type=hook))
        with pytest.raises(ConfigError, match=r'2 things .*\(augmentation, hooks\)'):
            check_change(base, child, 'classmix')
    child.custom_hooks[-1] = dict(type='CopyPasteRefreshHook')
    check_change(base, child, 'classmix')
    child.default_hooks.checkpoint.interval = 7
    with pytest.raises(ConfigError, match=r'2 things .*\(augmentation, hooks\)'):
        check_change(base, child, 'classmix')


def test_tags_of_the_recipe_are_one_change(configs: Path) -> None:
    tags = ('augmix', 'cdb', 'copypaste', 'cutmix', 'dicece', 'mosaic', 'rarecrop')
    base = load_config(configs / B0)
    for tag in (*tags, 'repeatfactor', 'rotate90', 'softce', 'swa'):
        child = load_config(configs / B0.replace('1xb8', f'1xb8-{tag}'))
        assert check_change(base, child, tag), tag


def test_a_mix_on_the_device_is_one_change(configs: Path) -> None:
    base, child = load_config(configs / B0), load_config(configs / B0)
    child.data_preprocessor.update(
        type='MixDataPreProcessor', batch_augments=[dict(type='BatchClassMix')]
    )
    check_change(base, child, 'batchclassmix')


def test_unknown_and_doubled_tags(configs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'nothing: no config .*classmix'):
        make_arms(configs / B0, ['nothing'], configs, tmp_path)
    with pytest.raises(ConfigError, match='iouce: stands twice'):
        make_arms(configs / B0, ['iouce', 'iouce'], configs, tmp_path)


def test_areas() -> None:
    assert area('model.decode_head.loss_decode') == 'loss'
    assert area('model.decode_head.sampler.thresh') == 'loss'
    assert area('model.decode_head.channels') == 'head'
    assert area('train_dataloader.sampler.type') == 'sampling'
    assert area('optim_wrapper.optimizer.lr') == 'optimiser'


def test_changed_steps() -> None:
    flip, crop = dict(type='Flip', prob=0.5), dict(type='Crop')
    assert changed_steps([flip, crop], [dict(flip, prob=1), crop]) == ['Flip']
    assert changed_steps([flip, crop], [crop]) == ['Flip']
    assert changed_steps([flip, crop], [flip, dict(type='RareCrop')]) == ['RareCrop']
    assert changed_steps([flip], [crop, dict(type='RareCrop')]) == ['Crop', 'RareCrop']
