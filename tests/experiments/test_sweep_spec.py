"""What a spec may say, and what its errors say."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from mmengine.config import DictAction

from mmseg_trash.errors import ConfigError
from mmseg_trash.experiments.sweep_slots import slots
from mmseg_trash.experiments.sweep_space import Range, Values
from mmseg_trash.experiments.sweep_spec import Prune, read_spec
from mmseg_trash.experiments.sweep_wandb import wandb_sweep, write_wandb

LR = 'optim_wrapper.optimizer.lr'


def optuna(part: Any, **more: Any) -> dict[str, Any]:
    return dict(method='optuna', trials=2, space={LR: part}, **more)


def test_a_spec(make_spec: Any) -> None:
    spec = make_spec(
        options={'train_cfg.max_iters': 4, 'optim_wrapper.clip_grad': '1e-2'}
    )
    assert spec.space[LR] == Values((0.1, 0.001))  # YAML's word 1e-3 became a number
    assert spec.options['optim_wrapper.clip_grad'] == 0.01
    spec = make_spec(**optuna(dict(min='1e-5', max='1e-2', log=True), prune=True))
    assert spec.space[LR] == Range(1e-5, 1e-2, log=True) and spec.prune == Prune(5, 0)
    spec = make_spec(**optuna(dict(min=1, max=9, step=2), prune=dict(warmup=100)))
    assert spec.space[LR] == Range(1, 9, step=2, whole=True)
    assert spec.prune == Prune(5, 100)
    hooks = spec.job({LR: 1}).options['custom_hooks']
    assert hooks[-1] == dict(type='TrialPruneHook', metric='score') and len(hooks) > 1
    one, other = spec.job({LR: 1}), spec.job({LR: 2})
    assert one.work_dir != other.work_dir and one == spec.job({LR: 1})


@pytest.mark.parametrize('changes, message', [
    (dict(config=...), "tiny.yaml: lacks the key 'config'"),
    (dict(space=...), "lacks the key 'space'"),
    (dict(spaces={}), "no such key: 'spaces'; expected config, space, metric"),
    (dict(method='bayes'), "method is 'bayes'; expected one of grid, optuna, ray"),
    (dict(mode='up'), "mode is 'up'; expected one of max, min"),
    (dict(trials=0), 'trials is 0; expected 1 or more'),
    (dict(trials='many'), "trials is 'many'; expected an integer"),
    (dict(amp=1), 'amp is 1; expected true or false'),
    (dict(devices=0), 'devices is 0; expected a number from 1, or a list'),
    (dict(devices=[]), 'devices is []; expected'),
    (dict(space=[1]), r'space is [1]; expected dotted keys'),
    (dict(space={LR: 3}), f'space.{LR} is 3; expected [value, ...] or {{min'),
    (dict(space={LR: []}), f'space.{LR} is an empty list'),
    (dict(space={LR: [1, 2, 1]}), f'space.{LR}: 1 stands twice'),
    (dict(space={LR: dict(min=1, max=2)}), f'space.{LR} is a range; method grid'),
    (optuna(dict(min=1)), f'space.{LR}.max is None; expected a number'),
    (optuna(dict(min=2, max=1)), 'min is 2 and max 1; expected min < max'),
    (optuna(dict(min=0, max=1, log=True)), f'{LR}.min is 0; expected more than 0'),
    (optuna(dict(min=0, max=1, low=3)), f"space.{LR} has no 'low'; expected min, max"),
    (optuna(dict(min=0, max=1, step=2)), 'step is 2; expected 0 < step <= max - min'),
    (optuna(dict(min=0, max=1, type='real')), "type is 'real'; expected int or float"),
    (optuna(dict(min=0.5, max=2, type='int')), 'min is 0.5; expected an integer'),
    (optuna([1], prune=3), 'prune is 3; expected true, false or'),
    (optuna([1], prune=dict(startup=-1)), "prune is {'startup': -1}; expected"),
    (dict(method='optuna'), 'lacks the key trials, which method optuna expects'),
    (dict(prune=True), 'prune expects method optuna'),
    (dict(method='ray', trials=1, sampler='tpe'), 'method ray expected random'),
    (dict(space={'work_dir': ['a']}), 'space.work_dir: every trial has a folder'),
    (dict(options={'randomness.seed': 1}), "options.randomness.seed: the spec's key"),
    (dict(space={'optim_wrapper.optimizer.lrr': [1]}), 'r.lrr: .*did you mean lr'),
    (dict(options={'modeel.neck': 1}), 'tiny.yaml: modeel.neck: .*did you mean model'),
])  # fmt: skip
def test_errors(make_spec: Any, changes: dict[str, Any], message: str) -> None:
    pattern = message if '.*' in message else re.escape(message)
    with pytest.raises(ConfigError, match=pattern) as caught:
        make_spec(**changes)
    assert 'tiny.yaml: ' in str(caught.value)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'none\.yaml: no such sweep file'):
        read_spec(tmp_path / 'none.yaml')
    file = tmp_path / 'a.yaml'
    for text, message in (('a: [', 'is no YAML'), ('word', 'expected keys and values')):
        file.write_text(text)
        with pytest.raises(ConfigError, match=message):
            read_spec(file)
    file.write_text('{config: none.py, space: {a: [1]}}')
    with pytest.raises(FileNotFoundError, match=r'none\.py'):
        read_spec(file)


def test_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('os.cpu_count', lambda: 8)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 0)
    assert slots(2) == [dict(CUDA_VISIBLE_DEVICES='', OMP_NUM_THREADS='4')] * 2
    with pytest.raises(
        ConfigError, match='tiny.yaml: devices: 0 is absent; expected one of cpu'
    ):
        slots([0], 'tiny.yaml: ')
    monkeypatch.setattr('torch.cuda.device_count', lambda: 2)
    visible = [slot['CUDA_VISIBLE_DEVICES'] for slot in slots(3)]
    assert visible == ['0', '1', '0']
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '5,7')
    visible = [slot['CUDA_VISIBLE_DEVICES'] for slot in slots([1, 1, 'cpu', 0])]
    assert visible == ['7', '7', '', '5']


def test_wandb(make_spec: Any, tmp_path: Path) -> None:
    space = {
        LR: dict(min=1e-5, max=1e-2, log=True),
        'model.decode_head.channels': dict(min=16, max=64, step=16),
        'train_dataloader.batch_size': dict(min=1, max=8),
        'model.backbone.num_layers': [[1, 1, 1, 1], [2, 2, 2, 2]],
    }
    options = {'train_cfg.max_iters': 4}
    spec = make_spec(method='optuna', trials=9, space=space, options=options, fold=1)
    write_wandb(spec, tmp_path / 'out.yaml')
    found = yaml.safe_load((tmp_path / 'out.yaml').read_text())
    assert found['program'] == 'tools/train.py' and found['method'] == 'bayes'
    assert found['metric'] == dict(name='score', goal='maximize')
    assert found['run_cap'] == 9
    assert found['parameters'] == {
        LR: dict(distribution='log_uniform_values', min=1e-5, max=1e-2),
        'model.decode_head.channels': dict(
            distribution='q_uniform', q=16, min=16, max=64
        ),
        'train_dataloader.batch_size': dict(distribution='int_uniform', min=1, max=8),
        'model.backbone.num_layers': dict(values=[[1, 1, 1, 1], [2, 2, 2, 2]]),
    }
    command = found['command']
    assert command[:3] == ['${env}', 'bash', '-c'] and command[4:6] == [
        '${program}', spec.config,
    ]  # fmt: skip
    assert command[-1] == '${args_no_hyphens}'
    place = command.index('--cfg-options')
    assert command[place - 2 : place] == ['--fold', '1']
    assert 'visualizer.vis_backends.1.type=WandbVisBackend' in command[place:]
    assert 'train_cfg.max_iters=4' in command[place:]
    # what an agent puts in for a list, as tools/train.py reads it
    assert DictAction._parse_iterable(str([2, 2, 2, 2])) == [2, 2, 2, 2]
    chosen = wandb_sweep(make_spec(metric='mIoU_256'))['command']
    assert 'visualizer.vis_backends.1.type=ChosenWandbVisBackend' in chosen
    grid = wandb_sweep(make_spec(mode='min'))
    assert grid['method'] == 'grid' and grid['metric']['goal'] == 'minimize'
    loss = {'model.decode_head.loss_decode': [[dict(type='IoUCELoss')]]}
    with pytest.raises(ConfigError, match='cannot be written as --cfg-options'):
        wandb_sweep(make_spec(space=loss))
