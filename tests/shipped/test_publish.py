"""Publishing: float16, an average where there is one, no trace of the machine."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from mmseg_trash import shipped
from mmseg_trash.checkpoint import load_model, read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert.files import read_weights
from mmseg_trash.errors import CheckpointError, ConfigError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.shipped.portable import config_text, portable_config
from mmseg_trash.shipped.publish import find_average, to_half

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
SMALL = 'configs/smpfpn/smpfpn_efficientnet-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file as a run with an average and an auxiliary head leaves it."""
    torch.manual_seed(1)
    model: Any = build_model(load_config(CONFIG))
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    state = model.state_dict()
    average = {f'module.{k}': v * 1.01 if v.ndim > 1 else v for k, v in state.items()}
    path = tmp_path_factory.mktemp('trained') / 'iter_9.pth'
    seen = dict(labelled=['a.jpg'], pseudo=[], round=0)
    torch.save(
        dict(
            state_dict=state,
            ema_state_dict={'steps': torch.tensor(3), **average},
            meta=dict(trained_images=seen),
        ),
        path,
    )
    return path


def test_half_precision_is_a_way_of_storing(placeholder: Path) -> None:
    from safetensors.torch import load_file

    (file,) = placeholder.glob('*.safetensors')
    stored = load_file(file)
    kinds = {value.dtype for value in stored.values()}
    assert kinds <= {torch.float16, torch.int64} and torch.float16 in kinds
    for state in (read_checkpoint(file)['state_dict'], read_weights(file)):
        assert {v.dtype for v in state.values()} <= {torch.float32, torch.int64}
        assert all(
            torch.equal(state[k], v.to(state[k].dtype)) for k, v in stored.items()
        )
    model = load_model(load_config(placeholder / f'{shipped.NAME}.py'), file, 'cpu')
    assert next(model.parameters()).dtype == torch.float32
    assert tuple(model.dataset_meta['classes']) == CLASSES


def test_tool(
    checkpoint: Path, toy_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = tmp_path / 'scores.json'
    scores.write_text('{"mIoU": 12.345, "IoU_Paper": 3.0}')
    photo = sorted(toy_root.rglob('*.jpg'))[0]
    out = tmp_path / 'out'
    main = runpy.run_path(str(ROOT / 'tools/publish_model.py'))['main']
    words = [str(CONFIG), str(checkpoint), '--name', 'small-b0', '--out', str(out)]
    words += ['--photo', str(photo), '--data', 'toys', '--scores', str(scores)]
    main([*words, '--temperature', '1.5', '--licence-file', str(ROOT / 'LICENSE')])
    told = capsys.readouterr().out
    assert 'small-b0.safetensors: 6.8 MB, ema_state_dict' in told
    assert f'photograph {photo.name}: outputs differ by ' in told
    names = {'small-b0.json', 'small-b0.py', 'small-b0.safetensors'}
    assert {file.name for file in out.iterdir()} == {*names, 'LICENSE', 'README.md'}
    facts = json.loads((out / 'small-b0.json').read_text())
    assert facts['temperature'] == 1.5 and facts['scores']['mIoU'] == 12.345
    assert facts['check']['equal_pixels'] > 0.98
    assert 0 < facts['check']['largest_difference'] < 0.1
    card = (out / 'README.md').read_text()
    assert '| mIoU | 12.35 |' in card or '| mIoU | 12.34 |' in card
    assert 'IoU_Paper' not in card and 'Apache-2.0' in card and 'toys' in card
    text = ''.join((out / f'small-b0.{kind}').read_text() for kind in ('py', 'json'))
    assert str(checkpoint.parent) not in text and str(ROOT) not in text
    content = read_checkpoint(out / 'small-b0.safetensors')
    assert content['meta']['trained_images']['labelled'] == ['a.jpg']
    average = read_checkpoint(checkpoint)['ema_state_dict']
    key = 'decode_head.conv_seg.weight'
    assert torch.equal(
        content['state_dict'][key], average[f'module.{key}'].half().float()
    )
    with pytest.raises(CheckpointError, match=r'take 6\.\d MB .* --max-mb 2'):
        main([*words, '--max-mb', '2', '--licence-file', str(ROOT / 'LICENSE')])


def test_config_loads_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_root: Path
) -> None:
    cfg = load_config(ROOT / SMALL, data_root=toy_root)
    cfg.work_dir = '/home/somebody/run'
    cfg.trackers = [dict(type='MLflowVisBackend', tracking_uri='http://10.0.0.1')]
    cfg.model.auxiliary_head = dict(type='FCNHead', in_channels=40, channels=8)
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint='package://a/b')
    before = cfg.pretty_text
    content = portable_config(cfg)
    assert cfg.pretty_text == before
    file = tmp_path / 'small-config.py'
    file.write_text(config_text(content, 'A title.'))
    monkeypatch.delenv('TRASH_DATA_ROOT', raising=False)
    monkeypatch.chdir(tmp_path)
    for line in (str(toy_root), str(ROOT), 'somebody', 'package:', 'http', '_base_'):
        assert line not in file.read_text()
    assert max(map(len, file.read_text().splitlines())) <= 88
    loaded = load_config(file)
    assert loaded.predict_dataset.data_root == 'data/trash'
    assert load_config(file, data_root='x').test_dataloader.dataset.data_root == 'x'
    expected = build_model(Config(dict(content)))
    assert [*build_model(loaded).state_dict()] == [*expected.state_dict()]
    assert loaded.val_dataloader == loaded.test_dataloader
    monkeypatch.setenv('TRASH_DATA_ROOT', 'elsewhere')
    assert load_config(file).predict_dataset.data_root == 'elsewhere'
    cfg.predict_dataset.data_prefix = dict(img_path='/srv/photographs')
    with pytest.raises(ConfigError, match=r"data_prefix.img_path: '/srv/photographs'"):
        portable_config(cfg)


def test_config_text_is_what_was_given() -> None:
    content = dict(
        a=dict(b=(1,), c=[], d={}, **{f'long_key_{i}': 'x' * 20 for i in range(4)}),
        f={'not-a-name': [None, True, 1e-6], 'b': ((1, 2), dict(c='it\'s "so"'))},
    )
    space: dict[str, Any] = {}
    exec(config_text({**content, 'g': content['f']}, 'T'), space)
    assert space['a'] == content['a'] and space['f'] == space['g'] == content['f']


def test_averages_and_large_values() -> None:
    both = dict(state_dict={}, ema_state_dict={}, swa_state_dict={})
    with pytest.raises(CheckpointError, match='several averages.*ema, swa, none'):
        find_average(both, 'f', 'auto')
    assert find_average(both, 'f', 'swa') == 'swa'
    assert find_average(both, 'f', 'none') is None
    assert find_average(dict(state_dict={}), 'f', 'auto') is None
    with pytest.raises(CheckpointError, match=r'f: a: its largest value is 70000'):
        to_half(dict(a=torch.tensor([1.0, -7e4])), 'f')
