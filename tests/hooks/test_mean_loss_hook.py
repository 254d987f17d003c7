"""Losses are averaged over the processes; tests/test_distributed.py sees the effect."""

import pytest
import torch

from mmseg_trash.hooks import MeanLossHook, mean_loss_hook


def test_one_process_is_left_alone() -> None:
    outputs = {'loss': torch.tensor(2.0)}
    MeanLossHook().after_train_iter(None, 0, outputs=outputs)
    assert outputs['loss'] == 2


def test_scalars_become_means(monkeypatch: pytest.MonkeyPatch) -> None:
    def reduce_with_zeros(values: torch.Tensor, op: str) -> None:
        assert op == 'mean'
        values /= 2

    monkeypatch.setattr(mean_loss_hook, 'get_world_size', lambda: 2)
    monkeypatch.setattr(mean_loss_hook, 'all_reduce', reduce_with_zeros)
    outputs = {
        'loss': torch.tensor(2.0),
        'decode.acc_seg': torch.tensor([50.0]),
        'map': torch.ones(3),
        'note': 'text',
    }
    MeanLossHook().after_train_iter(None, 0, outputs=outputs)
    assert outputs['loss'] == 1
    assert outputs['decode.acc_seg'] == 25
    assert torch.equal(outputs['map'], torch.ones(3))
    assert outputs['note'] == 'text'
