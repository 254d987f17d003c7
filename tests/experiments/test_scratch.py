"""``--with scratch``: the base without its pretrained weights, and nothing else."""

import runpy
from pathlib import Path

import pytest

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments.ablation import make_arms
from mmseg_trash.experiments.changes import differences
from mmseg_trash.experiments.scratch import scratch_config, scratch_stem

INIT = 'model.backbone.init_cfg'
DEMO = 'smpfpn/smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'
B0 = 'segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'
IN22K = 'upernet/upernet_swin-b-w12-384-in22k_1xb8-20k_trash-512x512.py'
TOY = 'segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture()
def configs(project: Path) -> Path:
    return project / 'configs'


def test_names() -> None:
    assert scratch_stem(Path(DEMO)) == (
        'smpfpn_efficientnet-lite0-scratch_1xb8-0.6k_demo-224x224'
    )
    assert scratch_stem(Path(IN22K)) == (
        'upernet_swin-b-scratch_1xb8-20k_trash-512x512'
    )


def test_the_zoo_has_it(configs: Path, tmp_path: Path) -> None:
    _, arm = make_arms(configs / DEMO, ['scratch'], configs, tmp_path)
    name = DEMO.replace('lite0', 'lite0-scratch')
    assert arm.config == configs / name and not any(tmp_path.iterdir())
    assert (arm.name, arm.changed) == ('scratch', [INIT])


@pytest.mark.parametrize('name', [B0, IN22K])
def test_it_is_written(name: str, configs: Path, tmp_path: Path) -> None:
    base = configs / name
    tags = ['scratch', 'iouce'] if name == B0 else ['scratch']
    arms = make_arms(base, tags, configs, tmp_path)
    assert arms[1].config == tmp_path / f'configs/{base.stem}_with_scratch.py'
    assert arms[1].changed == [INIT]
    if name == B0:  # which keeps the weights
        assert arms[2].changed == ['model.decode_head.loss_decode']
    old, new = load_config(base), load_config(arms[1].config)
    ((key, (weights, nothing)),) = differences(old, new).items()
    assert key == INIT and weights['type'] == 'Pretrained' and nothing is None


def test_weights_in_lists_and_of_whole_networks(configs: Path, tmp_path: Path) -> None:
    base = tmp_path / Path(B0).name
    base.write_text(
        f"_base_ = '{configs / B0}'\n"
        "weights = dict(type='Pretrained', checkpoint='a.pth')\n"
        "model = dict(init_cfg=[dict(type='Normal', std=0.1), weights])\n"
    )
    new = load_config(scratch_config(base, tmp_path / 'out.py'))
    assert new.model.init_cfg == [dict(type='Normal', std=0.1)]
    assert new.model.backbone.init_cfg is None
    arms = make_arms(base, ['scratch'], configs, tmp_path)
    assert arms[1].changed == [INIT, 'model.init_cfg']


def test_nothing_to_leave_out(configs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='scratch: .* has no pretrained weights'):
        make_arms(configs / TOY, ['scratch'], configs, tmp_path)
    with pytest.raises(ConfigError, match='scratch: --from-scratch leaves out'):
        make_arms(configs / DEMO, ['scratch'], configs, tmp_path, from_scratch=True)
    main = runpy.run_path(str(configs.parent / 'tools/ablate.py'))['main']
    with pytest.raises(ConfigError, match='scratch: --from-scratch leaves out'):
        main(
            [
                *(str(configs / DEMO), '--with', 'scratch', '--from-scratch'),
                *('--work-dir', str(tmp_path)),
            ]
        )
    arms = make_arms(configs / DEMO, ['iouce'], configs, tmp_path, from_scratch=True)
    assert arms[1].changed == ['model.decode_head.loss_decode']
