"""BEiT: the authors', timm's and Hugging Face's layouts to mmseg's."""

import re

from .common import Rules, State, joined, leave_out, rename, stripped

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
    (r'(patch_embed\.projection\.\w+|layers\.\d+\..*)', r'\1'),  # mmseg's own
]
_HF_BLOCK = r'encoder\.layer\.(\d+)\.'
HF: Rules = [
    (r'embeddings\.(cls_token)', r'\1'),
    (r'embeddings\.patch_embeddings\.(projection\.\w+)', r'patch_embed.\1'),
    (rf'{_HF_BLOCK}lambda_([12])', r'layers.\1.gamma_\2'),
    (rf'{_HF_BLOCK}layernorm_before\.(\w+)', r'layers.\1.ln1.\2'),
    (rf'{_HF_BLOCK}layernorm_after\.(\w+)', r'layers.\1.ln2.\2'),
    (rf'{_HF_BLOCK}attention\.attention\.(qkv\.weight)', r'layers.\1.attn.\2'),
    (
        rf'{_HF_BLOCK}attention\.attention\.(query|value)\.bias',
        lambda m: f'layers.{m[1]}.attn.{m[2][0]}_bias',
    ),
    (
        rf'{_HF_BLOCK}attention\.attention\.relative_position_bias\.({_TABLE})',
        r'layers.\1.attn.\2',
    ),
    (rf'{_HF_BLOCK}attention\.output\.dense\.(\w+)', r'layers.\1.attn.proj.\2'),
    (rf'{_HF_BLOCK}intermediate\.dense\.(\w+)', r'layers.\1.ffn.layers.0.0.\2'),
    (rf'{_HF_BLOCK}output\.dense\.(\w+)', r'layers.\1.ffn.layers.1.\2'),
]
# The classifier with its norm, the token of masked patches, and computed tables.
LEFT_OUT = (
    r'(?:norm|fc_norm|head|lm_head)\.(?:weight|bias)',
    r'(?:embeddings\.)?mask_token',
    r'.*relative_position_index',
    r'.*attn\.k_bias',
    r'(?:pooler|layernorm|classifier|decode_head|auxiliary_head)\..*',
)


def _from_hf(state: State) -> State:
    shared = f'encoder.relative_position_bias.{_TABLE}'
    state = {_SHARED if k == shared else k: v for k, v in state.items()}
    parts = [f'attention.{name}.weight' for name in ('query', 'key', 'value')]
    return joined(state, parts, 'attention.qkv.weight')


def convert(state: State) -> State:
    """Convert a BEiT backbone to mmseg's layout.

    Args:
        state: The authors', timm's or Hugging Face's keys, or mmseg's own (also with a
            prefix ``backbone.`` or ``beit.``). A table of position biases that all
            blocks share is given to each of them.

    Returns:
        Keys of mmseg's ``BEiT``, without a prefix.

    Raises:
        CheckpointError: The tensors are no BEiT's.
    """
    state = stripped(stripped(state, 'backbone.'), 'beit.')
    state = leave_out(state, LEFT_OUT)
    rules, block, stem = RULES, _BLOCK, 'blocks.{}.attn.'
    if any(key.startswith('embeddings.') for key in state):
        state = _from_hf(state)
        rules, block = HF, _HF_BLOCK
        stem = 'encoder.layer.{}.attention.attention.relative_position_bias.'
    shared = state.pop(_SHARED, None)
    if shared is not None:
        blocks = sorted({m[1] for k in state if (m := re.match(block, k))})
        state.update({stem.format(i) + _TABLE: shared.clone() for i in blocks})
    return rename(state, rules, 'BEiT')
