"""Checkpoints: read whole, refused with a reason."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_trash.checkpoint import load_model, read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError

CONFIG = 'configs/segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'


class Surprise:
    """Something that only an unpickler with full rights would make."""


@pytest.fixture(scope='module')
def cfg(project: Path) -> Config:
    return load_config(project / CONFIG, from_scratch=True)


@pytest.fixture(scope='module')
def state(cfg: Config) -> dict[str, torch.Tensor]:
    return build_model(cfg).state_dict()


def test_weights_arrive(cfg: Config, state: dict, tmp_path: Path) -> None:
    meta = dict(dataset_meta=dict(classes=('a', 'b')))
    prefixed = {f'module.{k}': v for k, v in state.items()}
    torch.save(dict(state_dict=prefixed, meta=meta), tmp_path / 'good.pth')
    model = load_model(cfg, tmp_path / 'good.pth', device='cpu')
    assert not model.training
    assert model.dataset_meta['classes'] == ('a', 'b')
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())


def test_bare_state_dict_is_fine(cfg: Config, state: dict, tmp_path: Path) -> None:
    torch.save(state, tmp_path / 'bare.pth')
    load_model(cfg, tmp_path / 'bare.pth', device='cpu')


def test_other_class_count(cfg: Config, state: dict, tmp_path: Path) -> None:
    other = {
        k: torch.zeros(150, *v.shape[1:]) if 'conv_seg' in k else v
        for k, v in state.items()
    }
    torch.save(dict(state_dict=other), tmp_path / 'ade.pth')
    with pytest.raises(CheckpointError, match=r'ade.pth.* 150 classes.* has 11'):
        load_model(cfg, tmp_path / 'ade.pth', device='cpu')


def test_other_architecture(cfg: Config, state: dict, tmp_path: Path) -> None:
    changed = dict(state)
    first = next(iter(changed))
    changed['stranger.weight'] = changed.pop(first)
    torch.save(dict(state_dict=changed), tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match='stranger.weight: unknown') as error:
        load_model(cfg, tmp_path / 'other.pth', device='cpu')
    assert f'{first}: missing' in str(error.value)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
def test_weights_that_are_not_finite(
    cfg: Config, state: dict, tmp_path: Path, value: float
) -> None:
    key = next(k for k in reversed(state) if state[k].is_floating_point())
    broken = {**state, key: state[key].clone()}
    broken[key].view(-1)[-1] = value
    torch.save(dict(state_dict=broken), tmp_path / 'diverged.pth')
    told = rf'diverged\.pth: holds NaN or infinity: {re.escape(key)}'
    with pytest.raises(CheckpointError, match=told):
        load_model(cfg, tmp_path / 'diverged.pth')


def test_files_that_are_no_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.pth'):
        read_checkpoint(tmp_path / 'none.pth')
    with pytest.raises(CheckpointError, match='found a folder'):
        read_checkpoint(tmp_path)
    text = tmp_path / 'text.pth'
    text.write_text('hello')
    with pytest.raises(CheckpointError, match=r'text.pth'):
        read_checkpoint(text)
    torch.save(dict(state_dict=dict(a=torch.zeros(9999))), tmp_path / 'cut.pth')
    data = (tmp_path / 'cut.pth').read_bytes()
    (tmp_path / 'cut.pth').write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match=r'cut.pth'):
        read_checkpoint(tmp_path / 'cut.pth')
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(CheckpointError, match='found a list'):
        read_checkpoint(tmp_path / 'list.pth')
    torch.save(dict(state_dict={}), tmp_path / 'empty.pth')
    with pytest.raises(CheckpointError, match='no state_dict'):
        read_checkpoint(tmp_path / 'empty.pth')


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save(dict(state_dict=dict(a=torch.ones(1)), x=Surprise()), tmp_path / 's.pth')
    with pytest.raises(CheckpointError, match='could run code'):
        read_checkpoint(tmp_path / 's.pth')
    assert read_checkpoint(tmp_path / 's.pth', trusted=True)['state_dict']['a'] == 1
