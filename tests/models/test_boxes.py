"""Boxes, sines, points and the losses between masks, against other implementations."""

import itertools
import math

import pytest
import torch
import torchvision
from torch import Tensor

from mmseg_trash.models.layers import mask_losses as losses
from mmseg_trash.models.layers.boxes import (
    centres,
    corners,
    generalized_iou,
    inverse_sigmoid,
    mask_boxes,
)
from mmseg_trash.models.layers.mask_dino_encoder import pixel_centres
from mmseg_trash.models.layers.point_sampling import sample_points, uncertain_points
from mmseg_trash.models.layers.sine_positions import box_positions, map_positions


@pytest.fixture
def boxes() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 9, 4, generator=generator) * 0.6 + 0.05


def test_generalized_iou_is_torchvisions(boxes: Tensor) -> None:
    one, other = corners(boxes)
    other[3] = one[2]
    expected = torchvision.ops.generalized_box_iou(one, other)
    torch.testing.assert_close(generalized_iou(one[:, None], other), expected)
    torch.testing.assert_close(generalized_iou(one, other), expected.diagonal())
    assert expected.min() < 0 < expected.max()
    assert expected[2, 3] == pytest.approx(1)


def test_generalized_iou_of_points_is_finite() -> None:
    point = torch.tensor([[0.5, 0.5, 0.5, 0.5]], requires_grad=True)
    value = generalized_iou(point, torch.tensor([[0.5, 0.5, 0.5, 0.5]]))
    value.sum().backward()
    assert value.isfinite().all()
    assert point.grad is not None and point.grad.isfinite().all()


def test_corners_and_centres_are_torchvisions(boxes: Tensor) -> None:
    expected = torchvision.ops.box_convert(boxes[0], 'cxcywh', 'xyxy')
    torch.testing.assert_close(corners(boxes[0]), expected)
    torch.testing.assert_close(centres(corners(boxes)), boxes)


def test_boxes_of_masks_are_torchvisions() -> None:
    masks = torch.rand(6, 11, 17, generator=torch.Generator().manual_seed(1)) > 0.97
    masks[1] = True
    masks[2] = False
    found = corners(mask_boxes(masks)) * torch.tensor([17, 11, 17, 11])
    for mask, box in zip(masks, found):
        if not mask.any():
            assert box.tolist() == [0, 0, 0, 0]
            continue
        low_high = torchvision.ops.masks_to_boxes(mask[None])[0]
        # torchvision names the last pixel, we the border behind it
        expected = low_high + torch.tensor([0.0, 0.0, 1.0, 1.0])
        torch.testing.assert_close(box, expected, atol=1e-4, rtol=0)


def test_inverse_sigmoid() -> None:
    x = torch.tensor([-1.0, 0.0, 0.2, 0.7, 1.0, 2.0])
    found = inverse_sigmoid(x)
    torch.testing.assert_close(found.sigmoid()[2:4], x[2:4])
    torch.testing.assert_close(found[0], torch.tensor(math.log(1e-5)))
    assert found[0] == found[1] and found[-1] == found[-2] == -found[0]


def test_sines_by_plain_loops() -> None:
    box = torch.tensor([0.3, 0.9, 0.25, 0.05])
    expected = []
    for number in (box[1], box[0], box[2], box[3]):
        for pair in range(4):
            angle = 2 * math.pi * number.item() / 10000 ** (2 * pair / 8)
            expected += [math.sin(angle), math.cos(angle)]
    torch.testing.assert_close(box_positions(box, 8), torch.tensor(expected))
    codes = map_positions(3, 5, 16, torch.device('cpu'))
    assert codes.shape == (15, 16)
    for row, column in itertools.product(range(3), range(5)):
        expected = []
        for place in ((row + 1) / (3 + 1e-6), (column + 1) / (5 + 1e-6)):
            for pair in range(4):
                angle = 2 * math.pi * place / 10000 ** (2 * pair / 8)
                expected += [math.sin(angle), math.cos(angle)]
        torch.testing.assert_close(codes[5 * row + column], torch.tensor(expected))


def test_points_read_pixels_and_between() -> None:
    maps = torch.arange(12.0).reshape(1, 3, 4) ** 2
    places = pixel_centres(3, 4, torch.device('cpu'))
    torch.testing.assert_close(sample_points(maps, places), maps.flatten(1))
    torch.testing.assert_close(sample_points(maps, places[None]), maps.flatten(1))
    middle = torch.tensor([[0.5, 0.5]])  # between pixels 1 and 2 of the middle row
    assert sample_points(maps, middle).item() == pytest.approx((25 + 36) / 2)


def test_uncertain_points() -> None:
    torch.manual_seed(0)
    logits = torch.linspace(-8, 8, 64).expand(2, 64, 64) * torch.tensor(
        [[[1.0]], [[2.0]]]
    )
    points = uncertain_points(logits, 400)
    assert points.shape == (2, 400, 2)
    assert points.min() >= 0 and points.max() <= 1
    doubt = sample_points(logits, points).abs()
    chosen, rest = doubt[:, :300], doubt[:, 300:]
    # The 300 of 1200 that are nearest to 0 span a quarter of the width.
    assert (chosen[0].max(), chosen[1].max()) < (2.4, 4.8)
    assert rest[0].mean().item() == pytest.approx(4, abs=0.8)


@pytest.fixture
def masks() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(5, 40, generator=generator) * 2
    return logits, (torch.rand(3, 40, generator=generator) > 0.6).float()


def test_costs_are_losses_of_all_pairs(masks: tuple[Tensor, Tensor]) -> None:
    logits, targets = masks
    for i, j in itertools.product(range(5), range(3)):
        one, other = logits[i, None], targets[j, None]
        probs = one.sigmoid()
        entropy = -(other * probs.log() + (1 - other) * (1 - probs).log()).mean()
        dice = 1 - (2 * (probs * other).sum() + 1) / (probs.sum() + other.sum() + 1)
        torch.testing.assert_close(losses.cross_entropy_loss(one, other)[0], entropy)
        torch.testing.assert_close(losses.dice_loss(one, other)[0], dice)
        found = losses.cross_entropy_cost(logits, targets)[i, j]
        torch.testing.assert_close(found, entropy)
        torch.testing.assert_close(losses.dice_cost(logits, targets)[i, j], dice)


def test_costs_are_those_of_transformers(masks: tuple[Tensor, Tensor]) -> None:
    hf = pytest.importorskip('transformers.models.mask2former.modeling_mask2former')
    torch.testing.assert_close(
        losses.cross_entropy_cost(*masks),
        hf.pair_wise_sigmoid_cross_entropy_loss(*masks),
    )
    torch.testing.assert_close(losses.dice_cost(*masks), hf.pair_wise_dice_loss(*masks))


def test_focal_loss_is_torchvisions() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(4, 6) * 3, (torch.rand(4, 6) > 0.5).float()
    expected = torchvision.ops.sigmoid_focal_loss(logits, targets)
    torch.testing.assert_close(losses.focal_loss(logits, targets), expected)
    labels = torch.tensor([5, 0])
    for query, (place, label) in itertools.product(range(4), enumerate(labels)):
        p = logits[query, label].sigmoid().item()
        cost = -0.25 * (1 - p) ** 2 * math.log(p) + 0.75 * p**2 * math.log(1 - p)
        found = losses.focal_cost(logits, labels)[query, place].item()
        assert found == pytest.approx(cost, abs=1e-5)


@pytest.mark.parametrize('shape', [(4, 3), (3, 3), (5, 1)])
def test_assignment_is_the_cheapest(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    queries, targets = shape
    for _ in range(10):
        cost = torch.randn(shape)
        rows, columns = losses.assign(cost)
        assert sorted(columns.tolist()) == list(range(targets))
        best = min(
            sum(cost[q, t].item() for t, q in enumerate(chosen))
            for chosen in itertools.permutations(range(queries), targets)
        )
        assert cost[rows, columns].sum().item() == pytest.approx(best, abs=1e-5)


def test_assignment_names_what_is_wrong() -> None:
    with pytest.raises(FloatingPointError, match='diverged'):
        losses.assign(torch.tensor([[float('nan')]]))


def test_mean_count_is_at_least_one() -> None:
    device = torch.device('cpu')
    assert [losses.mean_count(n, device).item() for n in (0, 1, 7)] == [1, 1, 7]
