"""Processes share images by place, and their rows come back in order."""

import pytest

from mmseg_trash.inference.shards import Shards


@pytest.mark.parametrize('total', [1, 2, 3, 8])
@pytest.mark.parametrize('items', [0, 1, 5, 6])
def test_rows_come_back_in_order(
    total: int, items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = list(range(items))
    shards = Shards()
    assert (shards.rank, shards.total, shards.first) == (0, 1, True)
    assert shards.gather('a') == ['a'] and shards.device('auto') == 'auto'
    shards.total = total
    shares = []
    for rank in range(total):
        shards.rank = rank
        shares.append(shards.mine(images))
    assert sorted(image for share in shares for image in share) == images
    monkeypatch.setattr(shards, 'gather', lambda item: shares)
    assert shards.interleave(shares[0]) == images
