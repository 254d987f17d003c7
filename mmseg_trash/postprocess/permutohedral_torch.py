"""The permutohedral lattice in tensor operations, for a batch on any device."""

import torch
import torch.nn.functional as F
from torch import Tensor


class BatchLattice:
    """The lattices of a batch of images, side by side in one table of rows.

    Every step is one fused lookup of rows, weighted and summed in a fixed order, so
    that a call repeats to the bit on a GPU too. Coordinates and weights are computed in
    the order of :func:`build_lattice`, with the same roundings.

    Args:
        features: B x N x d float32, each divided by the filter's standard deviation.

    Raises:
        ValueError: The features are empty or not finite, or span so many standard
            deviations that the points cannot be numbered.
    """

    def __init__(self, features: Tensor) -> None:
        if features.ndim != 3 or features.numel() == 0:
            raise ValueError(
                f'expected features B x N x d, got shape {tuple(features.shape)}'
            )
        if not features.isfinite().all():
            raise ValueError('features must be finite')
        batch, pixels, d = features.shape
        corner, rank, weight = _embed(features.reshape(-1, d).float())
        owner = torch.arange(batch, device=features.device).repeat_interleave(pixels)
        self._number(corner, rank, owner, batch)
        self.weight = weight
        self.gain = 1 / (1 + 2.0**-d)
        # Which pixels each row collects from, in the order of the pixels.
        flat = self.index.flatten()
        order = flat.argsort(stable=True)
        self._source = order.div(d + 1, rounding_mode='floor')
        self._share = weight.flatten()[order]
        count = torch.bincount(flat, minlength=self.size + 1)
        self._start = count.cumsum(0) - count

    @property
    def size(self) -> int:
        """Return the number of points M."""
        return self.near.shape[1] - 1

    def _number(self, corner: Tensor, rank: Tensor, owner: Tensor, batch: int) -> None:
        """Set ``index``, B*N x (d + 1) rows, and ``near``, (d + 1) x (M + 1) x 2."""
        d1 = corner.shape[1]
        d = d1 - 1
        place = corner[:, :d]
        low = place.amin(0) - 2 * d1
        span = place.amax(0) + 2 * d1 - low + 1
        if float(span.double().log2().sum()) + batch.bit_length() > 62:
            raise ValueError('features span too many standard deviations')
        base = torch.ones_like(span)
        for i in range(d - 2, -1, -1):
            base[i] = base[i + 1] * span[i + 1]
        origin = ((place - low) * base).sum(1) + owner * (span[0] * base[0])
        codes = []
        for k in range(d1):
            step = torch.where(rank[:, :d] <= d - k, k, k - d1)
            codes.append(origin + (step * base).sum(1))
        known, row = torch.stack(codes, 1).unique(return_inverse=True)
        # Row 0 is the point that is not there.
        self.index = row + 1
        near = known.new_zeros(d1, len(known) + 1, 2)
        for axis in range(d1):
            step = base.sum()
            if axis < d:
                step = step - d1 * base[axis]
            for side, sign in enumerate((-1, 1)):
                code = known + sign * step
                found = torch.searchsorted(known, code).clamp_(max=len(known) - 1)
                near[axis, 1:, side] = torch.where(known[found] == code, found + 1, 0)
        self.near = near

    def filter(self, values: Tensor) -> Tensor:
        """Weight the values of all pixels by a Gaussian of their features' distance.

        Args:
            values: B*N x C float32.

        Returns:
            B*N x C float32; the kernel is about 1 at distance 0.
        """
        rows = F.embedding_bag(
            self._source,
            values,
            self._start,
            mode='sum',
            per_sample_weights=self._share,
        )
        for near in self.near:
            rows = rows + 0.5 * F.embedding_bag(near, rows, mode='sum')
        rows = F.embedding_bag(
            self.index, rows, mode='sum', per_sample_weights=self.weight
        )
        return rows * self.gain


def _embed(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the simplex around each feature vector, N x d, and its corners' weights.

    Returns:
        The corner of remainder 0 and the order of the coordinates, N x (d + 1) int64,
        and the barycentric weights by remainder, N x (d + 1) float32.
    """
    pixels, d = features.shape
    d1 = d + 1
    place = torch.arange(d, dtype=torch.float64)
    width = (2 / 3) ** 0.5 * d1
    scale = (width / ((place + 1) * (place + 2)).sqrt()).float().tolist()
    raised = features.new_empty(pixels, d1)
    total = features.new_zeros(pixels)
    for j in range(d, 0, -1):
        step = features[:, j - 1] * scale[j - 1]
        raised[:, j] = total - j * step
        total = total + step
    raised[:, 0] = total
    down = float(torch.tensor(1.0) / d1)
    nearest = (raised * down).round()
    corner = nearest.long() * d1
    apart = raised - corner
    order = apart.argsort(dim=1, descending=True, stable=True)
    rank = torch.empty_like(order)
    rank.scatter_(1, order, torch.arange(d1, device=order.device).expand_as(order))
    rank += nearest.long().sum(1, keepdim=True)
    shift = d1 * ((rank < 0).long() - (rank > d).long())
    rank, corner = rank + shift, corner + shift
    part = (raised - corner) * down
    share = features.new_zeros(pixels, d1 + 1)
    share.scatter_(1, d - rank, part)
    after = torch.zeros_like(share).scatter_(1, d1 - rank, part)
    share -= after
    share[:, 0] += 1 + share[:, d1]
    return corner, rank, share[:, :d1].contiguous()
