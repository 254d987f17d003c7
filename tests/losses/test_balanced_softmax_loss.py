import pytest
import torch
import torch.nn.functional as F

from mmseg_trash.losses import BalancedSoftmaxLoss

from .cases import IGNORED, batch

COUNTS = [7000, 200, 90, 1]


@pytest.mark.parametrize('tau', [0.0, 1.0, 1.5])
def test_equals_torch_on_shifted_logits(tau: float) -> None:
    logits, label = batch()
    shifted = logits + tau * torch.tensor(COUNTS).double().log().view(1, -1, 1, 1)
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0])
    for options in ({}, dict(label_smoothing=0.1)):
        expected = F.cross_entropy(
            shifted.float(), label, weights, ignore_index=IGNORED, **options
        )
        loss = BalancedSoftmaxLoss(COUNTS, tau, class_weight=weights, **options)
        assert loss(logits, label).item() == pytest.approx(expected.item(), rel=1e-5)


def test_against_the_paper() -> None:
    """Equation 4: n_y·exp(η_y) over the sum of n_c·exp(η_c)."""
    logits, label = batch(ignored=0)
    scores = torch.tensor(COUNTS).view(1, -1, 1, 1) * logits.double().exp()
    share = scores.gather(1, label[:, None]) / scores.sum(1, keepdim=True)
    expected = -share.log().mean().item()
    value = BalancedSoftmaxLoss(COUNTS)(logits, label).item()
    assert value == pytest.approx(expected, rel=1e-5)
    shares = [count / sum(COUNTS) for count in COUNTS]
    value = BalancedSoftmaxLoss(shares)(logits, label).item()
    assert value == pytest.approx(expected, rel=1e-5)


def test_a_network_that_knows_nothing_learns_nothing_of_frequencies() -> None:
    """With labels drawn by frequency, equal logits are the best constant ones."""
    label = torch.arange(4).repeat_interleave(torch.tensor(COUNTS)).view(1, 1, -1)
    bias = torch.zeros(4, requires_grad=True)
    logits = bias.view(1, 4, 1, 1).expand(1, 4, 1, label.numel())
    BalancedSoftmaxLoss(COUNTS)(logits, label).backward()
    assert bias.grad.abs().max() < 1e-6
    logits = bias.view(1, 4, 1, 1).expand(1, 4, 1, label.numel())
    BalancedSoftmaxLoss(COUNTS, tau=0)(logits, label).backward()
    assert bias.grad.abs().max() > 0.1


def test_a_class_that_does_not_occur_is_as_rare_as_the_rarest() -> None:
    logits, label = batch()
    value = BalancedSoftmaxLoss([70, 0, 2, 1])(logits, label).item()
    assert value == BalancedSoftmaxLoss([70, 1, 2, 1])(logits, label).item()


def test_bad_arguments_name_the_value() -> None:
    with pytest.raises(ValueError, match=r'class_frequency .* \[1, -1\]'):
        BalancedSoftmaxLoss([1, -1])
    with pytest.raises(ValueError, match='class_frequency'):
        BalancedSoftmaxLoss([0, 0])
    with pytest.raises(ValueError, match=r'tau .* got -1'):
        BalancedSoftmaxLoss(COUNTS, tau=-1)
    with pytest.raises(ValueError, match='class_frequency has 2 numbers for 4'):
        BalancedSoftmaxLoss([1, 1])(*batch())
