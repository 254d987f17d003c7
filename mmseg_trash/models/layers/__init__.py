"""Blocks of the networks; none of them is registered."""

from .adopt import adopt
from .deform_conv import (
    GuidedDeformConv2d,
    has_deform_conv2d,
    modulated_deform_conv2d,
    sampled_deform_conv2d,
)
from .ms_deform_attn import MSDeformAttn
from .neighborhood_attention import (
    NeighborhoodAttention,
    gathered_attention,
    neighborhood_attention,
)
from .sdpa_efficient_attention import SDPAEfficientAttention
from .sdpa_window_attention import SDPAWindowAttention

__all__ = [
    'GuidedDeformConv2d',
    'MSDeformAttn',
    'NeighborhoodAttention',
    'SDPAEfficientAttention',
    'SDPAWindowAttention',
    'adopt',
    'gathered_attention',
    'has_deform_conv2d',
    'modulated_deform_conv2d',
    'neighborhood_attention',
    'sampled_deform_conv2d',
]
