"""Costs and losses between masks, boxes and classes of matched queries."""

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce, get_world_size
from scipy.optimize import linear_sum_assignment
from torch import Tensor

ALPHA, GAMMA = 0.25, 2.0
"""Of the focal loss (Lin et al. 2017, arXiv:1708.02002)."""


def dice_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return 1 - (2 * overlap + 1) / (sum + 1) of each mask.

    Args:
        logits: (..., P).
        targets: 0 to 1, of a shape that broadcasts with ``logits``'s.

    Returns:
        (...), 0 to 1.
    """
    probs = logits.sigmoid()
    overlap = (probs * targets).sum(-1)
    return 1 - (2 * overlap + 1) / (probs.sum(-1) + targets.sum(-1) + 1)


def cross_entropy_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the binary cross entropy of each mask, the mean over its points.

    Args:
        logits: (N, P).
        targets: 0 to 1, (N, P).

    Returns:
        (N,).
    """
    return F.binary_cross_entropy_with_logits(logits, targets, reduction='none').mean(1)


def focal_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the sigmoid focal loss of each number, same shape as ``logits``."""
    probs = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction='none')
    wrong = targets * (1 - probs) + (1 - targets) * probs
    alpha = targets * ALPHA + (1 - targets) * (1 - ALPHA)
    return alpha * wrong**GAMMA * entropy


def dice_cost(logits: Tensor, targets: Tensor) -> Tensor:
    """Return :func:`dice_loss` of every mask with every target.

    Args:
        logits: (Q, P).
        targets: 0 to 1, (N, P).

    Returns:
        (Q, N).
    """
    probs = logits.sigmoid()
    total = probs.sum(-1)[:, None] + targets.sum(-1)
    return 1 - (2 * probs @ targets.T + 1) / (total + 1)


def cross_entropy_cost(logits: Tensor, targets: Tensor) -> Tensor:
    """Return :func:`cross_entropy_loss` of every mask with every target, (Q, N)."""
    # log(1 + e^x) - x * y is the entropy; only its second term knows the target.
    return F.softplus(logits).mean(-1)[:, None] - logits @ targets.T / logits.shape[1]


def focal_cost(logits: Tensor, labels: Tensor) -> Tensor:
    """Return how much the focal loss changes when a query gets a label.

    Args:
        logits: (Q, classes).
        labels: (N,), int64.

    Returns:
        (Q, N).
    """
    chosen = logits[:, labels]
    one, zero = torch.ones_like(chosen), torch.zeros_like(chosen)
    return focal_loss(chosen, one) - focal_loss(chosen, zero)


def assign(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Pair rows with columns at the least total cost (Hungarian algorithm).

    Args:
        cost: (Q, N), finite.

    Returns:
        Rows in ascending order and their columns, int64, min(Q, N) each.

    Raises:
        FloatingPointError: The cost holds other than finite numbers.
    """
    table = cost.detach().cpu().double()
    if not table.isfinite().all():
        raise FloatingPointError(
            'the cost of matching is not finite: the network has diverged'
        )
    rows, columns = linear_sum_assignment(table.numpy())
    return (
        torch.as_tensor(rows, dtype=torch.long, device=cost.device),
        torch.as_tensor(columns, dtype=torch.long, device=cost.device),
    )


def mean_count(count: int, device: torch.device) -> Tensor:
    """Return the mean of the processes' counts, at least 1."""
    total = torch.tensor(float(count), device=device)
    all_reduce(total)
    return (total / get_world_size()).clamp(min=1)
