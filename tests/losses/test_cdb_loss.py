import math

import pytest
import torch
import torch.nn.functional as F

from mmseg_trash.losses import CDBLoss

from .cases import IGNORED, batch

ACCURACIES = [0.95, 0.6, 0.3, 0.1]


def weights_of(loss: CDBLoss) -> list[float]:
    return loss.difficulty_weight.tolist()


@pytest.mark.parametrize('tau', [0, 0.5, 1, 2])
def test_weights_of_a_fixed_exponent(tau: float) -> None:
    loss = CDBLoss(4, tau)
    assert weights_of(loss) == [1, 1, 1, 1]
    assert loss.set_accuracies(ACCURACIES) == tau
    powers = [(1 - a) ** tau for a in ACCURACIES]
    expected = [4 * p / sum(powers) for p in powers]
    assert weights_of(loss) == pytest.approx(expected)
    assert (weights_of(loss) == [1, 1, 1, 1]) == (tau == 0)


@pytest.mark.parametrize('accuracies, tau', [
    # spread max A / (min A + .01) - 1, exponent 2 / (1 + exp(-spread))
    ([0.5, 0.5, 0.5, 0.5], 2 / (1 + math.exp(1 - 0.5 / 0.51))),
    (ACCURACIES, 2 / (1 + math.exp(1 - 0.95 / 0.11))),
    ([0.9, 0.9, 0.9, 0.0], 2.0),
    ([0.0, 0.0, 0.0, 0.0], 2 / (1 + math.e)),
])  # fmt: skip
def test_dynamic_exponent(accuracies: list[float], tau: float) -> None:
    loss = CDBLoss(4)
    assert loss.set_accuracies(accuracies) == pytest.approx(tau)
    powers = [(1 - a) ** tau for a in accuracies]
    expected = [4 * p / sum(powers) for p in powers]
    assert weights_of(loss) == pytest.approx(expected)


def test_the_weights_weigh_the_cross_entropy() -> None:
    logits, label = batch()
    loss = CDBLoss(4, tau=1, class_weight=[1, 2, 1, 1], label_smoothing=0.1)
    options = dict(label_smoothing=0.1, ignore_index=IGNORED)
    before = F.cross_entropy(logits, label, torch.tensor([1.0, 2, 1, 1]), **options)
    assert loss(logits, label).item() == pytest.approx(before.item())
    loss.set_accuracies(ACCURACIES)
    weights = torch.tensor([0.05, 2 * 0.4, 0.7, 0.9])
    after = F.cross_entropy(logits, label, weights, **options).item()
    assert loss(logits, label).item() == pytest.approx(after)
    assert after != pytest.approx(before.item(), rel=1e-3)


def test_an_easy_class_keeps_a_weight() -> None:
    loss = CDBLoss(2, tau=1)
    loss.set_accuracies([1.0, 0.0])
    assert weights_of(loss) == pytest.approx([2 * 0.001 / 1.001, 2 / 1.001])
    loss.set_accuracies([1.0, 1.0])
    assert weights_of(loss) == pytest.approx([1, 1])


def test_a_class_that_was_not_seen_has_the_mean_difficulty() -> None:
    loss, full = CDBLoss(3, tau=1.5), CDBLoss(3, tau=1.5)
    loss.set_accuracies([0.9, math.nan, 0.5])
    full.set_accuracies([0.9, 0.7, 0.5])
    assert weights_of(loss) == pytest.approx(weights_of(full))
    loss.set_accuracies([math.nan] * 3)
    assert weights_of(loss) == pytest.approx(weights_of(full))


def test_a_checkpoint_keeps_the_weights() -> None:
    loss, other = CDBLoss(4), CDBLoss(4)
    loss.set_accuracies(ACCURACIES)
    state = loss.state_dict()
    assert set(state) == {'difficulty_weight'}
    other.load_state_dict(state)
    assert weights_of(other) == weights_of(loss) != [1, 1, 1, 1]


def test_bad_arguments_name_the_value() -> None:
    with pytest.raises(ValueError, match="got 'static'"):
        CDBLoss(4, tau='static')
    with pytest.raises(ValueError, match=r'tau .* got -1'):
        CDBLoss(4, tau=-1)
    with pytest.raises(ValueError, match='min_difficulty must be above 0'):
        CDBLoss(4, min_difficulty=0)
    with pytest.raises(ValueError, match='num_classes .* got 0'):
        CDBLoss(0)
    for wrong in ([0.5] * 3, [0.5, 0.5, 0.5, 1.5], [50.0, 1.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match='expected 4 accuracies in'):
            CDBLoss(4).set_accuracies(wrong)
    with pytest.raises(ValueError, match='3 numbers for 4 classes'):
        CDBLoss(3)(*batch())
