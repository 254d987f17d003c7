"""MaskDINO's denoising queries, by plain loops over their definition."""

import pytest
import torch
from torch import Tensor

from mmseg_trash.models.layers.mask_dino_denoising import (
    Target,
    group_mask,
    make_denoising,
    shaken_boxes,
    shaken_labels,
    target_of,
)


def targets() -> list[Target]:
    """Return targets of three images: 3 classes, none, 1 class."""
    first = torch.full((8, 10), 4)
    first[2:5, 3:9] = 1
    first[6:, :] = 255
    first[0, 0] = 6
    third = torch.full((8, 10), 255)
    third[1:3, 2:4] = 5
    maps = (first, torch.full((8, 10), 255), third)
    return [target_of(label[None], 7) for label in maps]


def test_targets() -> None:
    first, second, third = targets()
    assert first.labels.tolist() == [1, 4, 6]
    assert first.masks.sum((1, 2)).tolist() == [18, 60 - 18 - 1, 1]
    expected = torch.tensor([
        [6 / 10, 3.5 / 8, 6 / 10, 3 / 8],
        [0.5, 3 / 8, 1, 6 / 8],
        [0.05, 0.5 / 8, 0.1, 1 / 8],
    ])  # fmt: skip
    torch.testing.assert_close(first.boxes, expected)
    assert second.masks.shape == (0, 8, 10) and second.boxes.shape == (0, 4)
    assert third.labels.tolist() == [5]


@pytest.mark.parametrize('groups, size, queries', [(3, 2, 4), (1, 5, 1), (4, 1, 3)])
def test_mask_by_plain_loops(groups: int, size: int, queries: int) -> None:
    found = group_mask(groups, size, queries, torch.device('cpu'))
    total = groups * size + queries
    assert found.shape == (total, total) and found.dtype == torch.bool
    for viewer in range(total):
        for seen in range(total):
            is_noise = seen < groups * size
            same = viewer < groups * size and viewer // size == seen // size
            assert found[viewer, seen] == (is_noise and not same)
    assert not found.all(1).any()  # else attention has nothing to attend to


def test_label_noise() -> None:
    torch.manual_seed(0)
    labels = torch.full((100, 100), 3)
    noisy = shaken_labels(labels, 5, 0.2)
    counts = noisy.flatten().bincount(minlength=5) / 10_000
    # A fifth is drawn anew, a fifth of which stays what it was.
    assert counts[3].item() == pytest.approx(1 - 0.2 * 4 / 5, abs=0.01)
    for other in (0, 1, 2, 4):
        assert counts[other].item() == pytest.approx(0.2 / 5, abs=0.01)
    assert torch.equal(shaken_labels(labels, 5, 0.0), labels)


def test_box_noise() -> None:
    torch.manual_seed(0)
    box = torch.tensor([0.5, 0.4, 0.2, 0.3])
    shaken = shaken_boxes(box.expand(20_000, 4), 0.4)
    reach = torch.tensor([0.1, 0.15, 0.2, 0.3]) * 0.4
    moved = (shaken - box) / reach
    torch.testing.assert_close(moved.amax(0), torch.ones(4), atol=2e-3, rtol=0)
    torch.testing.assert_close(moved.amin(0), -torch.ones(4), atol=2e-3, rtol=0)
    torch.testing.assert_close(moved.mean(0), torch.zeros(4), atol=0.02, rtol=0)
    torch.testing.assert_close(moved.var(0), torch.full((4,), 1 / 3), atol=0.01, rtol=0)
    large = shaken_boxes(torch.tensor([0.95, 0.02, 0.9, 1.0]).expand(100, 4), 1.0)
    assert large.min() == 0 and large.max() == 1


def test_queries_and_pairs() -> None:
    batch = targets()
    torch.manual_seed(0)
    found = make_denoising(batch, 7, 10, 0.4)
    assert found is not None
    assert (found.groups, found.size) == (3, 3)
    assert found.labels.shape == (3, 9) and found.boxes.shape == (3, 9, 4)
    present = found.labels >= 0
    assert present.tolist() == [[True] * 9, [False] * 9, [True, False, False] * 3]
    pairs = found.pairs(batch)
    assert [q.tolist() for q, _ in pairs] == [list(range(9)), [], [0, 3, 6]]
    assert [t.tolist() for _, t in pairs] == [[0, 1, 2] * 3, [], [0] * 3]
    for target, (queries, chosen), boxes in zip(batch, pairs, found.boxes):
        moved = (boxes[queries] - target.boxes[chosen]).abs()
        reach = target.boxes[chosen][:, [2, 3, 2, 3]] * torch.tensor([0.5, 0.5, 1, 1])
        assert (moved <= 0.4 * reach + 1e-6).all()


def test_without_noise_queries_are_the_targets() -> None:
    batch = targets()
    found = make_denoising(batch, 7, 6, 0.0)
    assert found is not None and found.groups == 2
    for i, (queries, chosen) in enumerate(found.pairs(batch)):
        assert torch.equal(found.labels[i, queries], batch[i].labels[chosen])
        torch.testing.assert_close(found.boxes[i, queries], batch[i].boxes[chosen])


@pytest.mark.parametrize('queries', [0, 2])
def test_none_where_none_fit(queries: int) -> None:
    assert make_denoising(targets(), 7, queries) is None
    assert make_denoising(targets()[1:2], 7, 100) is None


def test_the_seed_decides(queries: int = 12) -> None:
    def boxes(seed: int) -> Tensor:
        torch.manual_seed(seed)
        found = make_denoising(targets(), 7, queries)
        assert found is not None
        return found.boxes

    assert torch.equal(boxes(1), boxes(1))
    assert not torch.equal(boxes(1), boxes(2))
