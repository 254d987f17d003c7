"""Values and gradients that every loss must have."""

import math

import pytest
import torch

from mmseg_trash import losses

from .cases import CASES, IGNORED, Builder, batch


def test_none_is_forgotten() -> None:
    assert {case['type'] for case in CASES.values()} == set(losses.__all__)


def test_name_and_factor(build: Builder) -> None:
    logits, label = batch()
    assert build().loss_name.startswith('loss_')
    assert build(loss_name='loss_aux').loss_name == 'loss_aux'
    plain = build()(logits, label)
    assert plain.shape == ()
    assert plain.item() > 0.01
    assert build(loss_weight=3.0)(logits, label).item() == pytest.approx(
        3 * plain.item()
    )
    for wrong in (dict(loss_weight=-1), dict(loss_name='dice')):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            build(**wrong)


def test_ideal_below_bad_below_worst(build: Builder) -> None:
    _, label = batch(ignored=0)
    ideal = torch.nn.functional.one_hot(label, 4).permute(0, 3, 1, 2).float() * 30
    logits = (ideal, ideal * 0.02, ideal.roll(1, dims=1))
    sharp = dict(label_smoothing=0) if 'SoftCross' in build.case['type'] else {}
    values = [build(**sharp)(each, label).item() for each in logits]
    assert values[0] == pytest.approx(0, abs=1e-4)
    assert values[0] < values[1] < values[2]


def test_ignored_pixels_do_not_matter(build: Builder) -> None:
    logits, label = batch()
    expected = build()(logits, label)
    changed = logits.clone()
    changed.permute(0, 2, 3, 1)[label == IGNORED] = math.nan
    changed.requires_grad_()
    loss = build()(changed, label)
    loss.backward()
    assert loss.item() == expected.item()
    gradient = changed.grad.permute(0, 2, 3, 1)
    assert (gradient[label == IGNORED] == 0).all()
    assert gradient[label != IGNORED].isfinite().all()
    assert (gradient[label != IGNORED] != 0).any()
    negative = torch.where(label == IGNORED, -100, label)
    assert build()(logits, negative, ignore_index=-100).item() == expected.item()
    a_class = build()(logits, label.clamp(max=3), ignore_index=0)
    without = build()(logits, torch.where(label == 0, IGNORED, label.clamp(max=3)))
    assert a_class.item() == without.item() > 0


def test_all_ignored_gives_zero_with_a_gradient(build: Builder) -> None:
    logits, label = batch()
    logits.requires_grad_()
    for options in ({}, dict(class_weight=[1, 2, 3, 4])):
        loss = build(**options)(logits, torch.full_like(label, IGNORED))
        loss.backward()
        assert loss.item() == 0
        assert (logits.grad == 0).all()


def test_an_ignored_image_changes_nothing(build: Builder) -> None:
    logits, label = batch()
    label[1] = IGNORED
    alone = build()(logits[:1], label[:1]).item()
    assert build()(logits, label).item() == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize('content', ['one class', 'one pixel', 'weight 0'])
def test_little_to_learn_from_stays_finite(build: Builder, content: str) -> None:
    logits, label = batch()
    logits.requires_grad_()
    if content == 'one pixel':
        label[:] = IGNORED
        label[0, 3, 3] = 1
    else:
        label[:] = 1
    weights = [1, 0, 1, 1] if content == 'weight 0' else None
    loss = build(class_weight=weights)(logits, label)
    loss.backward()
    assert logits.grad.isfinite().all()
    # smoothing still looks at the other classes
    if content != 'weight 0' or not getattr(build(), 'label_smoothing', 0):
        assert (loss.item() == 0) == (content == 'weight 0')
    assert loss.isfinite()


@pytest.mark.parametrize('scale', [0, 1e4, 1e30])
def test_extreme_logits_stay_finite(build: Builder, scale: float) -> None:
    logits, label = batch()
    logits = (logits * scale).requires_grad_()
    loss = build()(logits, label)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_gradient_is_right_in_double(build: Builder) -> None:
    logits, label = batch(size=4)
    logits = logits.double().requires_grad_()
    weight = torch.rand(label.shape, dtype=torch.float64) + 0.1
    loss = build(class_weight=[1, 2, 3, 4]).double()
    assert loss(logits, label).dtype == torch.float64
    assert torch.autograd.gradcheck(lambda x: loss(x, label, weight=weight), (logits,))


def test_weight_zero_is_ignored_and_two_is_a_repeat(build: Builder) -> None:
    logits, label = batch()
    loss = build(class_weight=[1, 2, 3, 4])
    weight = torch.ones(label.shape)
    weight[:, 3:] = 0
    ignored = label.clone()
    ignored[:, 3:] = IGNORED
    expected = loss(logits, ignored).item()
    assert loss(logits, label, weight=weight).item() == pytest.approx(expected)
    broken = logits.clone()
    broken[:, :, 3:] = math.nan
    assert loss(broken, label, weight=weight).item() == pytest.approx(expected)
    weight[:] = 1
    weight[:, 0] = 2
    repeated = loss(
        torch.cat([logits, logits[:, :, :1]], dim=2),
        torch.cat([label, label[:, :1]], dim=1),
    ).item()
    assert loss(logits, label, weight=weight).item() == pytest.approx(repeated)
    assert repeated != pytest.approx(loss(logits, label).item(), rel=1e-4)


def test_class_weight_counts_and_its_scale_does_not(build: Builder) -> None:
    logits, label = batch()
    values = [
        build(class_weight=weights)(logits, label).item()
        for weights in (None, [1, 1, 1, 1], [1, 2, 3, 4], [10, 20, 30, 40])
    ]
    assert values[0] == pytest.approx(values[1])
    assert values[2] == pytest.approx(values[3])
    assert values[0] != pytest.approx(values[2], rel=1e-4)
    assert 'class_weight' not in build(class_weight=[1, 2, 3, 4]).state_dict()
    for wrong in ([1, 2, 3, -4], [1, 2, 3, math.nan]):
        with pytest.raises(ValueError, match='class_weight must be finite'):
            build(class_weight=wrong)
