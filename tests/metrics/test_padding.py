import numpy as np
import pytest

from mmseg_trash.metrics.padding import BatchCounts, find_padding, join_batches


@pytest.mark.parametrize(
    ('keys', 'size', 'padding'),
    [
        ('abcd', 4, []),
        ('abca', 3, [3]),
        ('abcab', 3, [3, 4]),
        # A repetition that stands before the end is found all the same.
        ('abac', 3, [2]),
        # The data set itself lists "a" twice: only the surplus is padding.
        ('abaca', 4, [4]),
        ('abaca', 5, []),
        # More samples than the size, and none repeated: none is dropped.
        ('abcd', 3, []),
        ('', 0, []),
    ],
)
def test_find_padding(keys, size, padding):
    found = find_padding(list(keys), size)
    assert [index for index, drop in enumerate(found) if drop] == padding
    assert len(found) == len(keys)


def test_without_keys_the_last_are_padding():
    assert find_padding([None] * 4, 3) == [False, False, False, True]


def batch(rank, first, keys):
    matrices = [[[[ord(key)]]] for key in keys]
    return BatchCounts(rank, first, list(keys), np.array(matrices))


def test_join_batches_in_the_order_of_the_sampler():
    # Five samples dealt to three ranks: a d | b e | c a.
    batches = [batch(0, 0, 'ad'), batch(1, 0, 'be'), batch(2, 0, 'ca')]
    matrices, numbers = join_batches(batches, 5)
    assert ''.join(map(chr, matrices.ravel())) == 'abcde'
    assert numbers == [0, 1, 2, 0, 1]
    everything, _ = join_batches(batches)
    assert ''.join(map(chr, everything.ravel())) == 'abcdea'


def test_a_batch_of_padding_alone_disappears():
    batches = [batch(0, 0, 'a'), batch(1, 0, 'b'), batch(0, 1, 'c'), batch(1, 1, 'a')]
    matrices, numbers = join_batches(batches, 3)
    assert matrices.shape == (3, 1, 1, 1)
    assert numbers == [0, 1, 2]
