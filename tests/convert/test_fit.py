"""Converted weights against a model: classes, windows, other architectures."""

import pytest
import torch
import torch.nn.functional as F

from mmseg_trash.convert.common import State, joined, rename, resize_position_bias
from mmseg_trash.convert.fit import fit
from mmseg_trash.convert.position_bias import resize_table
from mmseg_trash.errors import CheckpointError

TABLE = 'backbone.stages.0.blocks.0.attn.w_msa.relative_position_bias_table'
INDEX = TABLE.replace('bias_table', 'index')


def model(classes: int = 3, depth: int = 2, window: int = 3) -> State:
    """Return a state dict of the shape of a segmentor's."""
    state = {
        TABLE: torch.randn((2 * window - 1) ** 2, 2),
        INDEX: torch.arange(window**4).view(window**2, -1),
        'backbone.norm0.weight': torch.randn(4),
        'decode_head.class_predictor.weight': torch.randn(classes + 1, 4),
        'decode_head.class_predictor.bias': torch.randn(classes + 1),
        'decode_head.mask.weight': torch.randn(4, 4),
    }
    for i in range(depth):
        state[f'backbone.stages.0.blocks.{i}.norm1.weight'] = torch.randn(4)
    return state


def without(state: State, *parts: str) -> State:
    return {k: v for k, v in state.items() if not any(p in k for p in parts)}


def test_the_same_model_is_loaded_whole() -> None:
    state, own = model(), model()
    found = fit(without(state, INDEX), own)
    assert found.new == found.resized == []
    assert set(found.state) == set(own)
    assert torch.equal(found.state[TABLE], state[TABLE])
    assert torch.equal(found.state[INDEX], own[INDEX])


def test_other_classes_get_a_new_classifier() -> None:
    found = fit(without(model(classes=150), INDEX), model(classes=11))
    names = ['decode_head.class_predictor.weight', 'decode_head.class_predictor.bias']
    assert found.new == names
    assert not set(names) & set(found.state)
    assert found.table()[0].split() == ['module', 'loaded', 'resized', 'new']
    rows = [line.split() for line in found.table()[1:]]
    assert ['backbone.stages', '3', '0', '0'] in rows
    assert ['decode_head.class_predictor', '0', '0', '2'] in rows


def test_a_backbone_alone() -> None:
    state = without(model(), INDEX, 'decode_head', 'norm0')
    bare = {key.removeprefix('backbone.'): value for key, value in state.items()}
    found = fit(bare, model())
    assert len(found.loaded) == len(bare) == 3
    assert found.new == ['backbone.norm0.weight', *without(model(), 'backbone')]


def test_another_window_is_interpolated() -> None:
    state = without(model(window=3), INDEX)
    found = fit(state, model(window=5))
    assert found.resized == [TABLE]
    grid = state[TABLE].t().view(1, 2, 5, 5)
    expected = F.interpolate(grid, (9, 9), mode='bicubic').view(2, 81).t()
    torch.testing.assert_close(found.state[TABLE], expected)


@pytest.mark.parametrize('state, problem', [
    (model(depth=1), 'backbone.stages.0.blocks.1.norm1.weight: missing in the file'),
    (model(depth=3), 'backbone.stages.0.blocks.2.norm1.weight: unknown to the model'),
    (model() | {'decode_head.mask.weight': torch.zeros(4, 5)},
     r'decode_head.mask.weight: \(4, 5\) in the file, \(4, 4\) in the model'),
])  # fmt: skip
def test_another_architecture_is_refused(state: State, problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem):
        fit(state, model())


def test_position_tables() -> None:
    table = torch.randn(25 + 3, 2)
    resized = resize_position_bias(table, 49 + 3)
    assert torch.equal(resized, resize_table(table, (3, 3), (4, 4)))
    assert resize_position_bias(table, 28) is table
    with pytest.raises(CheckpointError, match='27 position biases cannot become .* 49'):
        resize_position_bias(torch.zeros(27, 2), 49)


def test_rename_and_join() -> None:
    one = torch.ones(1)
    with pytest.raises(CheckpointError, match='two tensors become c'):
        rename({'a': one, 'b': one}, [('[ab]', 'c')], 'test')
    many = {f'k{i}': one for i in range(7)}
    with pytest.raises(
        CheckpointError, match='no test checkpoint: 7 of 7.*k4 and 2 more'
    ):
        rename(many, [], 'test')
    state = {'x.q': one, 'y': one, 'x.k': 2 * one}
    whole = joined(state, ('q', 'k'), 'qk')
    assert list(whole) == ['x.qk', 'y'] and whole['x.qk'].tolist() == [1, 2]
    with pytest.raises(CheckpointError, match=r'x\.k: missing beside x\.q'):
        joined({'x.q': one}, ('q', 'k'), 'qk')
