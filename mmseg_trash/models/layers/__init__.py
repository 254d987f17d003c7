"""Blocks of the networks; none of them is registered."""

from .adopt import adopt
from .sdpa_efficient_attention import SDPAEfficientAttention
from .sdpa_window_attention import SDPAWindowAttention

__all__ = ['SDPAEfficientAttention', 'SDPAWindowAttention', 'adopt']
