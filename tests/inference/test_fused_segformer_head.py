"""The fused head equals the stock one, with fewer multiplications."""

from typing import Any

import pytest
import torch
from mmseg.models import SegformerHead
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmseg_trash.inference.fused_segformer_head import FusedSegformerHead, fuse
from mmseg_trash.models.decode_heads.segformer_mlp_head import SegformerMLPHead

OPTIONS: dict[str, Any] = dict(
    in_channels=[8, 16, 24, 32], in_index=[0, 1, 2, 3], channels=32, num_classes=5,
    norm_cfg=dict(type='BN'), align_corners=False,
)  # fmt: skip


def stock(**options: Any) -> SegformerHead:
    torch.manual_seed(0)
    head = SegformerHead(**{**OPTIONS, **options}).eval()
    for module in head.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean):
                nn.init.normal_(tensor)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return head


def maps(height: int = 23, width: int = 30) -> list[torch.Tensor]:
    return [
        torch.randn(2, channels, -(-height // step), -(-width // step))
        for channels, step in zip(OPTIONS['in_channels'], (1, 2, 4, 8))
    ]


@pytest.mark.parametrize('align_corners', [False, True])
def test_equals_the_stock_head(align_corners: bool) -> None:
    head = stock(align_corners=align_corners)
    fused, inputs = FusedSegformerHead(head), maps()
    metas = [dict(img_shape=(90, 121))] * 2
    with torch.no_grad():
        torch.testing.assert_close(fused(inputs), head(inputs), atol=2e-5, rtol=1e-4)
        found = fused.predict(inputs, metas, None)
        expected = head.predict(inputs, metas, None)
    assert found.shape == (2, 5, 90, 121)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


def test_a_third_of_the_work() -> None:
    counts = []
    for head in (stock(), FusedSegformerHead(stock())):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            head(maps(64, 64))
        counts.append(counter.get_total_flops())
    assert counts[1] < 0.5 * counts[0]


def test_half_precision() -> None:
    fused, inputs = FusedSegformerHead(stock()), maps()
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        found = fused(inputs)
    with torch.no_grad():
        assert (found.float() - fused(inputs)).abs().mean() < 0.05


def test_what_is_left_alone() -> None:
    model = nn.Module()
    model.decode_head = SegformerMLPHead(**OPTIONS)
    fuse(model)
    assert type(model.decode_head) is SegformerMLPHead
    model.decode_head = stock(norm_cfg=dict(type='GN', num_groups=1))
    fuse(model)
    assert type(model.decode_head) is SegformerHead
    with pytest.raises(ValueError, match='expected a BatchNorm2d'):
        FusedSegformerHead(model.decode_head)
    model.decode_head = stock()
    fuse(model)
    assert type(model.decode_head) is FusedSegformerHead
