"""Counted parameters and operations, against counts by hand."""

import pytest
import torch
from mmseg.registry import MODELS
from torch import nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.models.complexity import Complexity, count
from mmseg_trash.models.layers import SDPAEfficientAttention


class Segmentor(nn.Module):
    """Gives any network the signature of a segmentor."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor, mode: str) -> torch.Tensor:
        assert mode == 'tensor'
        assert not self.training
        return self.network(image)


@pytest.mark.parametrize(
    'stem', ['segformer/segformer_mit-b0', 'upernet/upernet_swin-t']
)
def test_fast_and_stock_backbones_cost_the_same(stem: str, project) -> None:
    path = project / f'configs/{stem}_1xb8-20k_trash-512x512.py'
    cfg = load_config(path, from_scratch=True)
    fast = count(build_model(cfg, 'meta'), 256, 256)
    cfg.model.backbone.type = cfg.model.backbone.type.removeprefix('SDPA')
    assert MODELS.get(cfg.model.backbone.type) is not None
    assert count(build_model(cfg, 'meta'), 256, 256) == fast


def test_convolution_by_hand() -> None:
    model = Segmentor(nn.Conv2d(3, 5, 3, padding=1))
    assert count(model, 8, 16) == Complexity(3 * 5 * 9 + 5, 3 * 5 * 9 * 8 * 16)


class Attention(nn.Module):
    """One reduced attention over the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = SDPAEfficientAttention(embed_dims=4, num_heads=2, sr_ratio=2)
        self.widen = nn.Conv2d(3, 4, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        tokens = self.widen(image).flatten(2).transpose(1, 2)
        return self.attention(tokens, tuple(image.shape[2:]))


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_attention_by_hand(device: str) -> None:
    """On a CPU too, whose fused kernel PyTorch's counter does not know."""
    n, m, c = 8 * 8, 4 * 4, 4
    by_hand = n * 3 * c  # widen
    by_hand += m * c * c * 4  # reduction, 2x2
    by_hand += n * c * c + 2 * m * c * c + n * c * c  # q, k and v, output
    by_hand += 2 * n * m * c  # q k^T and weights v, both heads
    found = count(Segmentor(Attention()).to(device), 8, 8)
    assert found.macs == by_hand


def test_rounding() -> None:
    assert Complexity(3_715_000, 7_849_000_000).giga_macs == '7.8'
    assert Complexity(3_716_000, 0).mega_parameters == '3.72'
