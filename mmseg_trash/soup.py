"""Averages of checkpoints: uniform and greedy soups.

Wortsman et al. 2022, Model soups (arXiv:2203.05482).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .errors import CheckpointError

State = dict[str, Tensor]


def average(
    states: Sequence[State],
    names: Sequence[str],
    weights: Sequence[float] | None = None,
) -> State:
    """Average the weights of networks of the same architecture.

    Args:
        states: State dicts.
        names: What to call them in errors.
        weights: Of each state dict, not negative; None is the same for all.

    Returns:
        The weighted mean of all floating-point tensors, computed in float64; others
        (counters) are the first one's.

    Raises:
        ValueError: There are no state dicts, or the weights do not fit.
        CheckpointError: A state dict has other keys or shapes than the first.
    """
    shares = [1.0] * len(states) if weights is None else [float(w) for w in weights]
    if not states or len(shares) != len(states):
        raise ValueError(f'{len(shares)} weights for {len(states)} state dicts')
    if min(shares) < 0 or sum(shares) <= 0:
        raise ValueError(f'weights must not be negative nor all 0, got {shares}')
    first = states[0]
    for name, state in zip(names[1:], states[1:]):
        other = {k for k in {*first, *state} if k not in first or k not in state}
        other |= {k for k in first if k in state and first[k].shape != state[k].shape}
        if other:
            raise CheckpointError(
                f'{name}: is of another network than {names[0]}; {len(other)} tensors '
                f'differ, the first is {min(other)}'
            )
    total = sum(shares)
    result = {}
    for key, value in first.items():
        if not value.is_floating_point():
            result[key] = value.clone()
            continue
        mean = sum(s / total * state[key].double() for s, state in zip(shares, states))
        result[key] = torch.as_tensor(mean).to(value.dtype)
    return result


def greedy(
    states: Sequence[State],
    names: Sequence[str],
    score: Callable[[State], float],
    report: Callable[[str], None] = print,
) -> tuple[State, list[int]]:
    """Add checkpoints, the best first, as long as the average does not get worse.

    Args:
        states: State dicts.
        names: What to call them.
        score: Evaluates a state dict; more is better. Held-out images, not those that
            chose the checkpoints, or the soup flatters itself.
        report: Is told of each step.

    Returns:
        The soup, and which state dicts are in it.
    """
    scores = [score(state) for state in states]
    for name, value in zip(names, scores):
        report(f'{name}: {value:.2f}')
    order = sorted(range(len(states)), key=lambda i: -scores[i])
    chosen, best = [order[0]], scores[order[0]]
    for place in order[1:]:
        trial = [*chosen, place]
        value = score(average([states[i] for i in trial], [names[i] for i in trial]))
        kept = value >= best
        report(f'with {names[place]}: {value:.2f}, {"kept" if kept else "left out"}')
        if kept:
            chosen, best = trial, value
    soup = average([states[i] for i in chosen], [names[i] for i in chosen])
    return soup, chosen


def has_batch_norm(model: nn.Module) -> bool:
    """Return whether a model has statistics that an average invalidates."""
    return any(
        isinstance(m, _BatchNorm) and m.track_running_stats for m in model.modules()
    )


def estimate_batch_norm(model: Any, cfg: Config, images: int = 512) -> int:
    """Compute the statistics of all batch norms anew from training images.

    Means over the batches, by the training pipeline; everything else predicts.

    Args:
        model: A segmentor; left in evaluation mode.
        cfg: Its config, for ``train_dataloader``.
        images: How many images to look at, at least.

    Returns:
        How many images were looked at.
    """
    from mmengine.runner import Runner

    loader: Any = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
        norm.train()
    seen = 0
    with torch.no_grad():
        for batch in loader:
            data = model.data_preprocessor(batch, True)
            model(**data, mode='loss')
            seen += len(data['inputs'])
            if seen >= images:
                break
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    model.eval()
    return seen
