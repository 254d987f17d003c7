"""MaskDINO's decoder: proposals, selection, and what denoising must not change."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmseg_trash.models.layers.boxes import mask_boxes
from mmseg_trash.models.layers.mask_dino_decoder import MaskDINODecoder
from mmseg_trash.models.layers.mask_dino_denoising import Denoising
from mmseg_trash.models.layers.mask_dino_proposals import proposal_boxes

SHAPES = [(3, 4), (2, 2)]


def test_proposals_by_plain_loops() -> None:
    shapes = [(2, 3), (1, 60), (1, 1)]
    found, valid = proposal_boxes(shapes, torch.device('cpu'))
    row = 0
    for level, (height, width) in enumerate(shapes):
        for y in range(height):
            for x in range(width):
                side = 0.05 * 2**level
                box = ((x + 0.5) / width, (y + 0.5) / height, side, side)
                good = all(0.01 < number < 0.99 for number in box)
                assert valid[row] == good
                for number, logit in zip(box, found[row].tolist()):
                    expected = math.log(number / (1 - number)) if good else math.inf
                    assert logit == pytest.approx(expected, abs=1e-5)
                row += 1
    assert row == len(found) and 0 < int(valid.sum()) < row


def decoder(**kwargs: Any) -> MaskDINODecoder:
    options = dict(num_classes=5, levels=2, channels=32, mask_channels=8, heads=4)
    options |= dict(ffn=16, depth=2, num_queries=4) | kwargs
    module = MaskDINODecoder(**options)
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.15)
    return module


def maps(batch: int = 2) -> tuple[list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(3)
    levels = [torch.randn(batch, 32, *s, generator=generator) for s in SHAPES[::-1]]
    return levels, torch.randn(batch, 8, 6, 8, generator=generator)


@pytest.mark.parametrize('selection', ['mixed', 'encoder'])
@pytest.mark.parametrize('boxes_from_masks', [False, True])
def test_selection_by_plain_loops(selection: str, boxes_from_masks: bool) -> None:
    module = decoder(selection=selection, boxes_from_masks=boxes_from_masks)
    levels, fine = maps()
    memory = torch.cat([m.flatten(2).transpose(1, 2) for m in levels[::-1]], 1)
    content, start, predicted = module.select(memory, SHAPES, fine)
    assert not start.requires_grad
    logits, _ = proposal_boxes(SHAPES, torch.device('cpu'))
    for image in range(2):
        tokens = module.enc_output_norm(module.enc_output(memory[image]))
        scores = module.class_embed(tokens).max(-1).values
        order = sorted(range(len(scores)), key=lambda i: -scores[i].item())[:4]
        for query, token in enumerate(order):
            box = (module.bbox_embed(tokens[token]) + logits[token]).sigmoid()
            torch.testing.assert_close(predicted.boxes[image, query], box)
            state = module.decoder_norm(tokens[token])
            mask = torch.einsum('c,chw->hw', module.mask_embed(state), fine[image])
            torch.testing.assert_close(predicted.masks[image, query], mask)
            torch.testing.assert_close(
                predicted.classes[image, query], module.class_embed(state)
            )
            anchor = mask_boxes(mask > 0) if boxes_from_masks else box
            torch.testing.assert_close(
                start[image, query].sigmoid(), anchor, atol=2e-5, rtol=1e-5
            )
            expected = tokens[token]
            if selection == 'mixed':
                expected = module.query_feat.weight[query]
            torch.testing.assert_close(content[image, query], expected)


def test_denoising_queries_are_invisible_to_the_others() -> None:
    module = decoder()
    levels, fine = maps()
    labels = torch.tensor([[1, 2, 1, 2], [3, -1, 3, -1]])
    noise = Denoising(labels, torch.rand(2, 4, 4), groups=2, size=2)
    without, beside = module(levels, fine), module(levels, fine, noise)
    assert len(beside.queries) == len(beside.denoising) == 3
    for a, b in zip(without.queries, beside.queries):
        for one, other in zip(a, b):
            torch.testing.assert_close(one, other)
    boxes = noise.boxes.clone()
    boxes[:, 2:] = 0.5  # another second group leaves the first alone
    changed = module(levels, fine, Denoising(labels, boxes, 2, 2))
    for a, b in zip(beside.denoising[-1], changed.denoising[-1]):
        torch.testing.assert_close(a[:, :2], b[:, :2])
        assert not torch.allclose(a[:, 2:], b[:, 2:])
    last = module(levels, fine, intermediate=False)
    assert len(last.queries) == 1
    assert torch.equal(last.queries[0].masks, without.queries[-1].masks)


@pytest.mark.parametrize('options, message', [
    (dict(selection='best'), 'best'),
    (dict(boxes_from_masks=True), 'learned'),
])  # fmt: skip
def test_wrong_decoder_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decoder(**options)
