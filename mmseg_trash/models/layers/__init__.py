"""Blocks of the networks; none of them is registered."""

from .adopt import adopt
from .neighborhood_attention import (
    NeighborhoodAttention,
    gathered_attention,
    neighborhood_attention,
)
from .sdpa_efficient_attention import SDPAEfficientAttention
from .sdpa_window_attention import SDPAWindowAttention

__all__ = [
    'NeighborhoodAttention',
    'SDPAEfficientAttention',
    'SDPAWindowAttention',
    'adopt',
    'gathered_attention',
    'neighborhood_attention',
]
