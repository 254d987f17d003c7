"""A network in channels_last is the same network, in training and in its files."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from torch import nn

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert.files import read_weights
from mmseg_trash.cpu_training import use_channels_last
from mmseg_trash.export.write import Exporter
from mmseg_trash.hooks import ChannelsLastHook
from mmseg_trash.tensors import read_tensors, write_tensors

from .runs import configure, start

pytest.importorskip('segmentation_models_pytorch')

LIGHT = 'configs/unet/unet_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'


def channels_last(tensor: torch.Tensor) -> bool:
    return tensor.is_contiguous(memory_format=torch.channels_last)


def kernels(state: Any) -> list[torch.Tensor]:
    """Return the tensors that the two formats tell apart."""
    return [
        v
        for v in state.values()
        if v.dim() == 4 and min(v.shape[1], v[0, 0].numel()) > 1
    ]


@pytest.fixture(scope='module')
def runs(
    project: Path, toy_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[bool, Any]:
    """Train for three iterations in either format."""
    found = {}
    for wanted in (False, True):
        folder = tmp_path_factory.mktemp('runs') / f'{wanted}' / 'run'
        cfg = configure(project, toy_root, folder, 3, config=LIGHT)
        cfg.optim_wrapper = dict(
            type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4, momentum=0.9)
        )
        cfg.param_scheduler, cfg.channels_last = [], wanted
        cfg.train_cfg.val_interval = 10
        use_channels_last(cfg)
        found[wanted] = start(cfg)
        found[wanted].train()
    return found


def test_weights_stay_in_the_format(runs: dict[bool, Any]) -> None:
    for wanted, runner in runs.items():
        found = kernels(dict(runner.model.named_parameters()))
        assert len(found) >= 10
        assert all(channels_last(w) == wanted for w in found)
        buffers = runner.optim_wrapper.optimizer.state_dict()['state'].values()
        momenta = kernels({i: b['momentum_buffer'] for i, b in enumerate(buffers)})
        assert all(channels_last(m) == wanted for m in momenta)


def test_losses_differ_by_rounding(runs: dict[bool, Any]) -> None:
    plain, ours = (
        runs[wanted].message_hub.get_scalar('train/loss').data[0].tolist()
        for wanted in (False, True)
    )
    assert len(plain) == len(ours) == 3
    # batch norms sum less exactly, which layers of random weights amplify
    assert ours == pytest.approx(plain, rel=1e-3)
    one, other = (dict(runs[w].model.named_parameters()) for w in (False, True))
    for key, value in one.items():
        torch.testing.assert_close(other[key], value, atol=1e-4, rtol=1e-3, msg=key)


def test_checkpoints_load_anywhere(runs: dict[bool, Any]) -> None:
    """Into a model of the usual format; and a run in channels_last goes on from it."""
    runner = runs[True]
    path = Path(runner.work_dir) / 'iter_3.pth'
    state = read_checkpoint(path)['state_dict']
    trained = runner.model.state_dict()
    model = build_model(load_config(Path(runner.cfg.filename), from_scratch=True))
    model.load_state_dict(state)
    assert not any(map(channels_last, kernels(dict(model.named_parameters()))))
    assert all(torch.equal(v, trained[k]) for k, v in model.state_dict().items())
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        logits = [m.eval()(image, mode='tensor') for m in (model, runner.model)]
    torch.testing.assert_close(*logits, atol=1e-4, rtol=1e-4)
    cfg = runner.cfg.copy()
    cfg.update(resume=True, load_from=str(path), work_dir=f'{runner.work_dir}_2')
    cfg.train_cfg.max_iters = 4
    again = start(cfg)
    again.train()
    assert again.iter == 4
    assert all(map(channels_last, kernels(dict(again.model.named_parameters()))))


def test_exports(runs: dict[bool, Any], tmp_path: Path) -> None:
    """Files without code have one format."""
    runner = runs[True]
    trained = runner.model.state_dict()
    write_tensors(tmp_path / 'a.safetensors', trained, {})
    for state in (
        read_tensors(tmp_path / 'a.safetensors')['state_dict'],
        read_weights(tmp_path / 'a.safetensors'),
    ):
        assert all(torch.equal(v, trained[k]) for k, v in state.items())
        assert all(v.is_contiguous() for v in state.values())
    cfg = load_config(Path(runner.cfg.filename), from_scratch=True)
    exporter = Exporter(cfg, Path(runner.work_dir) / 'iter_3.pth')
    exporter.weights(tmp_path / 'b.safetensors')
    state = read_tensors(tmp_path / 'b.safetensors')['state_dict']
    assert all(torch.equal(v, trained[k]) for k, v in state.items())
    exporter = Exporter(cfg, None, model=runner.model)
    exporter.weights(tmp_path / 'c.safetensors')
    state = read_tensors(tmp_path / 'c.safetensors')['state_dict']
    assert all(torch.equal(v, trained[k]) for k, v in state.items())


def test_wrapped_models_are_converted_inside() -> None:
    class Wrapper(MMDistributedDataParallel):
        """A wrapper that opens no process group."""

        def __init__(self, module: nn.Module) -> None:
            nn.Module.__init__(self)
            self.module = module

    inner = nn.Conv2d(4, 4, 3)
    weight = inner.weight
    runner = type('Runner', (), dict(model=Wrapper(inner)))()
    ChannelsLastHook().before_train(runner)
    assert inner.weight is weight and channels_last(weight)
