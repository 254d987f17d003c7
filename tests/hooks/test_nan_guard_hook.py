"""A loss that is no number stops the run and names its images."""

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmseg.structures import SegDataSample

from mmseg_trash.errors import TrainingError
from mmseg_trash.hooks import NanGuardHook

RUNNER: Any = SimpleNamespace(iter=41)


def batch(**meta: str) -> dict[str, Any]:
    samples = [SegDataSample(metainfo={k: f'{v}{i}' for k, v in meta.items()})
               for i in range(2)]  # fmt: skip
    return dict(inputs=[], data_samples=samples)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
def test_stops_and_names(value: float) -> None:
    outputs = {
        'loss': torch.tensor(value),
        'decode.loss_ce': torch.tensor(1.5),
        'aux.loss_ce': torch.tensor(value),
        'decode.acc_seg': torch.tensor(3.0),
    }
    with pytest.raises(TrainingError) as error:
        NanGuardHook().after_train_iter(
            RUNNER, 41, batch(file_name='batch_1/a.jpg', img_path='/x/y'), outputs
        )
    assert str(error.value) == (
        f'iteration 42: the loss is not finite (loss {value:g}, decode.loss_ce 1.5, '
        f'aux.loss_ce {value:g}); the batch is batch_1/a.jpg0, batch_1/a.jpg1'
    )


def test_lets_numbers_pass() -> None:
    hook = NanGuardHook()
    accuracy = torch.tensor(float('nan'))  # of a head without labels: no reason to stop
    outputs = {'loss': torch.tensor(3e38), 'decode.acc_seg': accuracy}
    hook.after_train_iter(RUNNER, 0, batch(file_name='a'), outputs)
    hook.after_train_iter(RUNNER, 0, None, None)


def test_reads_losses_with_a_gradient_in_silence() -> None:
    outputs = {'loss': torch.tensor(1.0, requires_grad=True)}
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        NanGuardHook().after_train_iter(RUNNER, 0, None, outputs)


def test_names_what_there_is() -> None:
    hook, outputs = NanGuardHook(), {'loss': torch.tensor(float('nan'))}
    with pytest.raises(TrainingError, match='the batch is /data/0, /data/1'):
        hook.after_train_iter(RUNNER, 0, batch(img_path='/data/'), outputs)
    with pytest.raises(TrainingError, match='the batch is unknown'):
        hook.after_train_iter(RUNNER, 0, None, outputs)
