import numpy as np
import pytest
import torch

from mmseg_trash.transforms import RandomRotate90


def results() -> dict:
    rng = np.random.default_rng(0)
    return dict(
        img=rng.integers(0, 256, (5, 8, 3), dtype=np.uint8),
        gt_seg_map=rng.integers(0, 11, (5, 8), dtype=np.uint8),
        seg_fields=['gt_seg_map'],
        img_shape=(5, 8),
        scale_factor=(2.0, 1.5),
    )


def test_equals_torch_for_each_turn() -> None:
    np.random.seed(0)
    transform = RandomRotate90()
    seen = []
    for _ in range(200):
        before, after = results(), transform(results())
        image = torch.from_numpy(before['img'])
        turned = [torch.rot90(image, k, (0, 1)).numpy() for k in range(4)]
        (turns,) = [k for k in range(4) if np.array_equal(after['img'], turned[k])]
        label = torch.rot90(torch.from_numpy(before['gt_seg_map']), turns, (0, 1))
        assert np.array_equal(after['gt_seg_map'], label.numpy())
        assert after['img_shape'] == after['img'].shape[:2]
        assert after['img_shape'] == ((8, 5) if turns % 2 else (5, 8))
        assert after['scale_factor'] == ((1.5, 2.0) if turns % 2 else (2.0, 1.5))
        seen.append(turns)
    assert min(seen.count(k) for k in range(4)) > 30


def test_probability() -> None:
    np.random.seed(0)
    before = results()
    assert RandomRotate90(0.0)(dict(before))['img'] is before['img']
    turned = sum(
        RandomRotate90(0.4)(dict(before))['img'] is not before['img']
        for _ in range(500)
    )
    assert 110 < turned < 190  # .4 * .75 * 500


def test_without_labels() -> None:
    transform = RandomRotate90()
    transform.draw = lambda: 1
    done = transform(dict(img=results()['img']))
    assert done['img_shape'] == done['img'].shape[:2] == (8, 5)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match='got 1.5'):
        RandomRotate90(1.5)
