"""What a run takes from another model's weights."""

import pytest
import torch

from mmseg_trash.convert.common import resize_position_bias
from mmseg_trash.convert.warm_start import warm_start
from mmseg_trash.errors import CheckpointError

TABLE = 'backbone.stages.0.attn.relative_position_bias_table'
INDEX = 'backbone.stages.0.attn.relative_position_index'


def own() -> dict[str, torch.Tensor]:
    return {
        'backbone.conv.weight': torch.zeros(3, 2),
        'backbone.norm.num_batches_tracked': torch.tensor(0),
        TABLE: torch.zeros(49, 2),
        INDEX: torch.arange(4),
        'decode_head.conv_seg.weight': torch.zeros(11, 3),
        'decode_head.conv_seg.bias': torch.zeros(11),
        'decode_head.fuse.weight': torch.zeros(2),
    }


def other() -> dict[str, torch.Tensor]:
    return {
        'backbone.conv.weight': torch.ones(3, 2),
        'backbone.norm.num_batches_tracked': torch.tensor(7),
        TABLE: torch.linspace(0, 1, 50).reshape(25, 2),
        INDEX: torch.arange(9),
        'decode_head.conv_seg.weight': torch.ones(150, 3),
        'decode_head.conv_seg.bias': torch.ones(150),
        'auxiliary_head.conv.weight': torch.ones(4),
    }


def test_a_segmentor_of_other_classes() -> None:
    found = warm_start(other(), own())
    assert found.loaded == ['backbone.conv.weight']
    assert found.resized == [TABLE]
    assert list(found.skipped) == [
        'decode_head.conv_seg.weight',
        'decode_head.conv_seg.bias',
        'auxiliary_head.conv.weight',
    ]
    assert found.new == [
        'decode_head.conv_seg.weight',
        'decode_head.conv_seg.bias',
        'decode_head.fuse.weight',
    ]
    assert found.state.keys() == own().keys()
    assert all(found.state[k].shape == v.shape for k, v in own().items())
    assert found.state['backbone.norm.num_batches_tracked'] == 7
    assert torch.equal(found.state[INDEX], torch.arange(4))
    expected = resize_position_bias(other()[TABLE], 49)
    assert torch.equal(found.state[TABLE], expected)
    assert found.summary().splitlines() == [
        'module                loaded resized skipped     new',
        'auxiliary_head.conv        0       0       1       0',
        'backbone.conv              1       0       0       0',
        'backbone.stages            0       1       0       0',
        'decode_head.conv_seg       0       0       2       2',
        'decode_head.fuse           0       0       0       1',
        'all                        1       1       3       3',
        'other shape: decode_head.conv_seg.weight: (150, 3) in the file, (11, 3) in '
        'the model',
        'other shape: decode_head.conv_seg.bias: (150,) in the file, (11,) in the '
        'model',
    ]


def test_a_backbone_alone() -> None:
    state = {k.removeprefix('backbone.'): v for k, v in other().items() if 'conv.' in k}
    found = warm_start({'conv.weight': state['conv.weight']}, own())
    assert found.loaded == ['backbone.conv.weight']
    assert len(found.new) == 4


def classifier(*names: str, more: int = 0) -> dict[str, torch.Tensor]:
    """Return a classifier whose rows are the codes of the names' first letters."""
    codes = torch.tensor([float(ord(name[0])) for name in names] + [1.0] * more)
    return {
        'backbone.conv.weight': torch.ones(2),
        'decode_head.conv_seg.weight': codes[:, None].repeat(1, 3),
        'decode_head.conv_seg.bias': codes,
    }


def test_rows_of_equal_classes_are_kept() -> None:
    theirs, ours = ('a', 'b', 'c'), ('c', 'd', 'a', 'e')
    model = classifier(*'zzzz')
    found = warm_start(classifier(*theirs), model, classes=(theirs, ours))
    expected = torch.tensor([float(ord(letter)) for letter in 'czaz'])
    assert torch.equal(found.state['decode_head.conv_seg.bias'], expected)
    weight = found.state['decode_head.conv_seg.weight']
    assert torch.equal(weight, expected[:, None].repeat(1, 3))
    assert (found.kept_classes, found.new_classes) == (['c', 'a'], ['d', 'e'])
    assert not found.skipped and not found.new
    line = 'classifier: 2 of 4 rows kept by the name of their class, new: d, e'
    assert found.summary().splitlines()[-1] == line
    assert torch.equal(
        model['decode_head.conv_seg.bias'],
        classifier(*'zzzz')['decode_head.conv_seg.bias'],
    )  # the model's own tensors are not written to


def test_rows_follow_their_names_where_the_count_is_the_same() -> None:
    state, model = classifier(*'abc'), classifier(*'zzz')
    found = warm_start(state, model, classes=(('a', 'b', 'c'), ('c', 'a', 'b')))
    assert found.state['decode_head.conv_seg.bias'].tolist() == [99, 97, 98]
    assert found.summary().splitlines()[-1].startswith('classifier: 3 of 3 rows kept')
    for classes in (None, ((), ('c', 'a', 'b')), (('a', 'b', 'c'), ('a', 'b', 'c'))):
        found = warm_start(state, model, classes=classes)
        assert found.state['decode_head.conv_seg.bias'].tolist() == [97, 98, 99]
        assert found.kept_classes is None and 'classifier' not in found.summary()
    found = warm_start(state, model, classes=(('a', 'b', 'c'), ('x', 'y', 'z')))
    assert torch.equal(
        found.state['decode_head.conv_seg.bias'], model['decode_head.conv_seg.bias']
    )
    assert 'classifier: 0 of 3 rows kept' in found.summary()


def test_a_row_for_no_object_goes_with_them() -> None:
    key = 'decode_head.class_predictor.weight'
    state = {key: torch.tensor([[1.0], [2.0], [9.0]])}
    model = {key: torch.zeros(4, 1)}
    found = warm_start(state, model, classes=(('a', 'b'), ('b', 'c', 'a')))
    assert found.state[key].flatten().tolist() == [2, 0, 1, 9]


def test_half_precision_becomes_the_models_own() -> None:
    state = {key: v.half() for key, v in other().items() if v.is_floating_point()}
    found = warm_start(state, own())
    assert {v.dtype for v in found.state.values()} == {torch.float32, torch.int64}
    assert torch.equal(found.state['backbone.conv.weight'], torch.ones(3, 2))


def test_few_shapes_are_shown() -> None:
    many = {f'decode_head.{i}.weight': torch.zeros(2) for i in range(9)}
    few = {key: torch.zeros(3) for key in many} | {'x.weight': torch.ones(1)}
    lines = warm_start(few, {**many, 'x.weight': torch.zeros(1)}).summary().splitlines()
    assert sum('in the file' in line for line in lines) == 3
    assert lines[-1] == 'other shape: 6 more'


def test_nothing_fits() -> None:
    with pytest.raises(CheckpointError, match=r'none of its 1 tensors .*convert_check'):
        warm_start({'layer1.weight': torch.zeros(1)}, own())
