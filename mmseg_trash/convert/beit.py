"""BEiT: the authors' and timm's layout to mmseg's."""

import re

from .common import Rules, State, leave_out, rename, stripped

_SHARED = 'rel_pos_bias.relative_position_bias_table'
_BLOCK = r'blocks\.(\d+)\.'
_TABLE = 'relative_position_bias_table'
RULES: Rules = [
    (r'(cls_token)', r'\1'),
    (r'patch_embed\.proj\.(\w+)', r'patch_embed.projection.\1'),
    (rf'{_BLOCK}(gamma_[12])', r'layers.\1.\2'),
    (rf'{_BLOCK}norm([12])\.(\w+)', r'layers.\1.ln\2.\3'),
    (
        rf'{_BLOCK}(attn\.(?:q_bias|v_bias|{_TABLE}|(?:qkv|proj)\.\w+))',
        r'layers.\1.\2',
    ),
    (rf'{_BLOCK}mlp\.fc1\.(\w+)', r'layers.\1.ffn.layers.0.0.\2'),
    (rf'{_BLOCK}mlp\.fc2\.(\w+)', r'layers.\1.ffn.layers.1.\2'),
]
# The classifier with its norm, the token of masked patches, and computed tables.
LEFT_OUT = (
    r'(?:norm|fc_norm|head|lm_head)\.(?:weight|bias)',
    r'mask_token',
    r'.*relative_position_index',
    r'.*attn\.k_bias',
    r'(?:decode|auxiliary)_head\..*',
)


def convert(state: State) -> State:
    """Convert a BEiT backbone to mmseg's layout.

    Args:
        state: The authors' or timm's keys (also with a prefix ``backbone.``). A table
            of position biases that all blocks share is given to each of them.

    Returns:
        Keys of mmseg's ``BEiT``, without a prefix.

    Raises:
        CheckpointError: The tensors are no BEiT's.
    """
    state = stripped(leave_out(state, LEFT_OUT), 'backbone.')
    shared = state.pop(_SHARED, None)
    if shared is not None:
        blocks = {m[1] for k in state if (m := re.match(_BLOCK, k))}
        tables = {f'blocks.{i}.attn.{_TABLE}': shared.clone() for i in sorted(blocks)}
        state.update(tables)
    return rename(state, RULES, 'BEiT')
