"""Views are inverted exactly, named, weighted; pipelines give each size once."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_trash.errors import ConfigError
from mmseg_trash.inference.pipelines import (
    plan_of_config,
    plan_of_views,
    without_resize,
)
from mmseg_trash.inference.views import SETS, View, ViewSet, to_average

PARTS = dict(
    hflip=lambda x: x[:, ::-1],
    vflip=lambda x: x[::-1],
    rot90=lambda x: np.rot90(x, 1),
    rot180=lambda x: np.rot90(x, 2),
    rot270=lambda x: np.rot90(x, 3),
)
IMAGE = np.arange(15).reshape(3, 5)


@pytest.mark.parametrize('parts', [
    *itertools.product(PARTS, repeat=1), *itertools.product(PARTS, repeat=2),
    *itertools.product(PARTS, repeat=3),
])  # fmt: skip
def test_parts_are_done_from_left_to_right_and_undone(parts: tuple[str, ...]) -> None:
    expected = IMAGE
    for part in parts:
        expected = PARTS[part](expected)
    view = View.parse('+'.join(parts))
    found = view.apply(torch.from_numpy(IMAGE))
    assert np.array_equal(found, expected)
    assert np.array_equal(view.invert(found), IMAGE)
    assert View.parse(view.name) == view


def test_the_eight_symmetries_differ() -> None:
    views = ViewSet.from_names(['d4']).views
    seen = {tuple(v.apply(torch.from_numpy(IMAGE)).flatten().tolist()) for v in views}
    assert len(seen) == len(views) == 8
    for name in SETS:
        assert ViewSet.from_names([name]).views


def test_sections_of_a_recipe() -> None:
    assert ViewSet.from_section(True) is True
    assert ViewSet.from_section(None) is False
    names = ['plain', 'scale0.5+hflip']
    section = dict(views=names, weights=[1, 3], mean='logits')
    views = ViewSet.from_section(section)
    assert isinstance(views, ViewSet) and views.describe() == section
    assert views.shares() == [0.25, 0.75]
    assert ViewSet.from_section(names) == ViewSet.from_names(names)


@pytest.mark.parametrize('section, message', [
    (['sideways'], "'sideways' is none of plain"),
    (['scale0'], 'expected a scale'),
    (['scalex'], 'expected a scale'),
    ([], 'at least one view'),
    (['hflip', 'vflip+rot180'], "'hflip' stands twice"),
    ('hflip', 'expected a list of views'),
    (dict(weights=[1]), 'expected views'),
    (dict(views=['plain'], scales=[1]), 'expected views'),
    (dict(views=['plain'], weights=[1, 2]), '2 weights for 1 views'),
    (dict(views=['plain'], weights=[0]), 'must be positive, got 0'),
    (dict(views=['plain'], weights=2), 'list of weights'),
    (dict(views=['plain'], mean='geometric'), "mean 'geometric'"),
])  # fmt: skip
def test_bad_sections(section: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ViewSet.from_section(section)


def test_what_is_averaged() -> None:
    logits = torch.randn(4, 2, 3, dtype=torch.float16)
    probs = logits.float().softmax(0)
    assert torch.equal(to_average(logits, False, 'logits'), logits.float())
    torch.testing.assert_close(to_average(logits, False, 'probs'), probs)
    assert torch.equal(to_average(probs, True, 'probs'), probs)
    again = to_average(probs, True, 'logits')
    torch.testing.assert_close(again.softmax(0), probs)
    assert torch.isfinite(to_average(torch.zeros(2, 1, 1), True, 'logits')).all()


PIPELINE = [
    dict(type='LoadTrashImage'),
    dict(type='Resize', scale=(2048, 512), keep_ratio=True),
    dict(type='ResizeToMultiple', size_divisor=32),
    dict(type='LoadLabelMap'),
    dict(type='FastPackSegInputs'),
]


def test_pipeline_of_views() -> None:
    names = ['plain', 'scale0.5', 'hflip', 'scale0.5+rot90']
    steps, looks = plan_of_views(PIPELINE, ViewSet.from_names(names))
    assert [step['type'] for step in steps] == ['LoadTrashImage', 'TestTimeAug']
    sizes, *rest = steps[1]['transforms']
    assert [step['scale'] for step in sizes] == [(2048, 512), (1024, 256)]
    assert [s['type'] for (s,) in rest] == ['ResizeToMultiple', 'FastPackSegInputs']
    assert [(size, view.name) for size, view, _ in looks] == [
        (0, 'plain'), (1, 'scale0.5'), (0, 'hflip'), (1, 'scale0.5+rot90'),
    ]  # fmt: skip
    assert PIPELINE[1]['scale'] == (2048, 512), 'the config is left as it is'
    plain, _ = plan_of_views(PIPELINE, ViewSet.from_names(['plain', 'hflip']))
    assert [s['type'] for s in plain] == [
        'LoadTrashImage', 'Resize', 'ResizeToMultiple', 'FastPackSegInputs',
    ]  # fmt: skip


def test_pipeline_in_the_images_own_size() -> None:
    bare = without_resize(PIPELINE)
    steps, _ = plan_of_views(bare, ViewSet.from_names(['scale0.5', 'plain']))
    sizes = steps[1]['transforms'][0]
    assert [step['scale_factor'] for step in sizes] == [0.5, 1.0]


def test_pipeline_of_the_config(project: Any) -> None:
    base = project / 'configs/_base_/datasets/taco_512x512.py'
    steps, looks = plan_of_config(Config.fromfile(base).tta_pipeline)
    choices = steps[1]['transforms']
    assert [len(choice) for choice in choices] == [3, 1, 1], 'no labels, no mirrors'
    assert [(size, view.name) for size, view, _ in looks] == [
        (size, view) for size in range(3) for view in ('plain', 'hflip')
    ]
    assert sum(share for *_, share in looks) == pytest.approx(1)
    with pytest.raises(ConfigError, match='expected one TestTimeAug, found 0'):
        plan_of_config(PIPELINE)
