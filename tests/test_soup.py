"""Averages of checkpoints."""

import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from mmseg_trash.checkpoint import load_model
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError, ConfigError
from mmseg_trash.pseudo.trained import KEY, TrainedImages, trained_images
from mmseg_trash.soup import average, estimate_batch_norm, greedy, has_batch_norm

TOY = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
OPTIONS = {
    'model.decode_head.channels': 16,
    'train_dataloader.batch_size': 2,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
}


def _states(number: int = 3) -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    return [
        dict(w=torch.randn(3, 2, generator=generator), n=torch.tensor(i))
        for i in range(number)
    ]


def test_average() -> None:
    states = _states()
    soup = average(states, 'abc')
    assert torch.allclose(soup['w'], torch.stack([s['w'] for s in states]).mean(0))
    assert soup['n'] == 0 and soup['w'].dtype == torch.float32
    weighted = average(states, 'abc', [1, 0, 3])
    assert torch.allclose(weighted['w'], states[0]['w'] / 4 + states[2]['w'] * 3 / 4)
    half = average([dict(w=s['w'].half()) for s in states], 'abc')
    assert half['w'].dtype == torch.float16
    averaged = torch.optim.swa_utils.AveragedModel(nn.Linear(2, 3, bias=False))
    for state in states:
        layer = nn.Linear(2, 3, bias=False)
        layer.load_state_dict(dict(weight=state['w']))
        averaged.update_parameters(layer)
    assert torch.allclose(soup['w'], averaged.module.weight, atol=1e-6)


def test_average_of_other_networks() -> None:
    one, other, _ = _states()
    with pytest.raises(CheckpointError, match='b: is of another network than a; 1 '):
        average([one, {k: v for k, v in other.items() if k != 'n'}], 'ab')
    with pytest.raises(CheckpointError, match='the first is w'):
        average([one, dict(other, w=torch.zeros(1))], 'ab')
    for weights in ([1], [0, 0], [1, -1]):
        with pytest.raises(ValueError, match='weights'):
            average([one, other], 'ab', weights)


def test_greedy_leaves_out_what_harms() -> None:
    states = [dict(w=torch.tensor([x])) for x in (0.0, 4.0, 1.0)]
    said: list[str] = []
    soup, chosen = greedy(
        states, 'abc', lambda s: -abs(float(s['w']) - 0.4), said.append
    )
    assert chosen == [0, 2] and soup['w'] == 0.5
    assert said[-2:] == ['with c: -0.10, kept', 'with b: -1.27, left out']


def test_statistics_are_those_of_the_batches(project: Path, toy_root: Path) -> None:
    cfg = load_config(project / TOY, OPTIONS, data_root=toy_root)
    torch.manual_seed(0)
    model = build_model(cfg, init=True)
    assert has_batch_norm(model) and not has_batch_norm(nn.LayerNorm(3))
    norm = model.decode_head.convs[0].bn
    inputs: list[torch.Tensor] = []
    norm.register_forward_hook(lambda m, args, out: inputs.append(args[0]))
    assert estimate_batch_norm(model, cfg, images=5) == 6
    assert len(inputs) == 3 and not norm.training and norm.momentum == 0.1
    means = torch.stack([x.mean((0, 2, 3)) for x in inputs]).mean(0)
    assert torch.allclose(norm.running_mean, means, atol=1e-5)


def test_tool(
    project: Path, toy_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = load_config(project / TOY, OPTIONS, data_root=toy_root)
    files = []
    for seed in range(2):
        torch.manual_seed(seed)
        file = tmp_path / f'{seed}.pth'
        content = dict(state_dict=build_model(cfg, init=True).state_dict())
        seen = TrainedImages(pseudo=frozenset({f'{seed}.jpg'}), round=seed)
        torch.save({**content, 'meta': {KEY: seen.to_meta()}}, file)
        files.append(str(file))
    main = runpy.run_path(str(project / 'tools/soup.py'))['main']
    options = [f'{k}={v}' for k, v in OPTIONS.items()]
    common = [
        str(project / TOY), *files, '--data-root', str(toy_root), '--norm-images', '2',
    ]  # fmt: skip
    for kind in ('uniform', 'greedy'):
        out = tmp_path / f'{kind}.pth'
        arguments = ['--kind', kind, '--out', str(out), '--cfg-options', *options]
        main([*common, *arguments])
        load_model(cfg, out)
        seen = trained_images(torch.load(out), kind)
        assert seen is not None and (seen.pseudo, seen.round) == ({'0.jpg', '1.jpg'}, 1)
        assert f'{kind} soup of ' in capsys.readouterr().out
    for more, message in (
        (['--weights', '1', 'nan'], 'expected numbers from 0, got nan'),
        (['--kind', 'greedy', '--metric', 'IoU', '--cfg-options', *options],
         '--metric IoU: there are .*mIoU_256'),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=message):
            main([*common, '--out', str(out), *more])
    weight = 'decode_head.conv_seg.weight'
    states = [torch.load(f)['state_dict'] for f in [*files, tmp_path / 'uniform.pth']]
    mean = (states[0][weight] + states[1][weight]) / 2
    assert torch.allclose(states[2][weight], mean)
