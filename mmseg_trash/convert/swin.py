"""Swin Transformer: the authors', timm's and Hugging Face's layouts to mmseg's."""

import re

from torch import Tensor

from .common import Rules, State, joined, leave_out, rename, stripped

_BLOCK = r'layers\.(\d+)\.blocks\.(\d+)\.'
_OURS = r'stages.\1.blocks.\2.'
_TABLE = r'relative_position_bias_table'
OFFICIAL: Rules = [
    (r'patch_embed\.proj\.(\w+)', r'patch_embed.projection.\1'),
    (r'(patch_embed\.norm\.\w+|absolute_pos_embed|norm\d\.\w+)', r'\1'),
    (rf'{_BLOCK}(norm[12]\.\w+)', rf'{_OURS}\3'),
    (rf'{_BLOCK}attn\.({_TABLE}|(?:qkv|proj)\.\w+)', rf'{_OURS}attn.w_msa.\3'),
    (rf'{_BLOCK}mlp\.fc1\.(\w+)', rf'{_OURS}ffn.layers.0.0.\3'),
    (rf'{_BLOCK}mlp\.fc2\.(\w+)', rf'{_OURS}ffn.layers.1.\3'),
    (r'layers\.(\d+)\.(downsample\.(?:norm|reduction)\.\w+)', r'stages.\1.\2'),
]
_HF_BLOCK = rf'encoder\.{_BLOCK}'
HF: Rules = [
    (r'embeddings\.patch_embeddings\.(projection\.\w+)', r'patch_embed.\1'),
    (r'embeddings\.norm\.(\w+)', r'patch_embed.norm.\1'),
    (rf'{_HF_BLOCK}layernorm_before\.(\w+)', rf'{_OURS}norm1.\3'),
    (rf'{_HF_BLOCK}layernorm_after\.(\w+)', rf'{_OURS}norm2.\3'),
    (rf'{_HF_BLOCK}attention\.self\.({_TABLE}|qkv\.\w+)', rf'{_OURS}attn.w_msa.\3'),
    (rf'{_HF_BLOCK}attention\.output\.dense\.(\w+)', rf'{_OURS}attn.w_msa.proj.\3'),
    (rf'{_HF_BLOCK}intermediate\.dense\.(\w+)', rf'{_OURS}ffn.layers.0.0.\3'),
    (rf'{_HF_BLOCK}output\.dense\.(\w+)', rf'{_OURS}ffn.layers.1.\3'),
    (r'encoder\.layers\.(\d+)\.(downsample\.(?:norm|reduction)\.\w+)', r'stages.\1.\2'),
    (
        r'hidden_states_norms\.stage(\d)\.(\w+)',
        lambda m: f'norm{int(m[1]) - 1}.{m[2]}',
    ),
]
# The classifier with its norm, and what the model computes itself.
LEFT_OUT = (
    r'(?:norm|layernorm|head|head\.fc|classifier)\.(?:weight|bias)',
    r'.*\.relative_position_index',
    r'.*\.attn_mask',
)


def unfolded(weight: Tensor) -> Tensor:
    """Reorder the inputs of a patch merging for ``nn.Unfold``.

    The authors concatenate the pixels (0, 0), (1, 0), (0, 1), (1, 1) with all their
    channels; ``nn.Unfold`` runs through the pixels (0, 0), (0, 1), (1, 0), (1, 1)
    within each channel.

    Args:
        weight: (..., 4 * C), the reduction's weight or a tensor of its norm.

    Returns:
        The same shape.
    """
    pixels = weight.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return pixels.transpose(-1, -2).flatten(-2).contiguous()


def _with_merging(state: State) -> State:
    return {k: unfolded(v) if '.downsample.' in k else v for k, v in state.items()}


def _from_timm(state: State) -> State:
    """Move each downsampling from the stage that it opens to the one that it closes."""
    place = re.compile(r'layers\.(\d+)\.downsample\.(.*)')
    found = {k: place.fullmatch(k) for k in state}
    if any(m and m[1] == '0' for m in found.values()):
        return state
    return {
        f'layers.{int(m[1]) - 1}.downsample.{m[2]}' if (m := found[k]) else k: v
        for k, v in state.items()
    }


def from_hf(state: State) -> State:
    """Convert a Swin of Hugging Face (``SwinBackbone``, or a model with a prefix)."""
    state = leave_out(stripped(state, 'swin.'), LEFT_OUT)
    for kind in ('weight', 'bias'):
        parts = [f'self.{name}.{kind}' for name in ('query', 'key', 'value')]
        state = joined(state, parts, f'self.qkv.{kind}')
    return _with_merging(rename(state, HF, 'Swin (Hugging Face)'))


def convert(state: State) -> State:
    """Convert a Swin backbone to mmseg's layout.

    Args:
        state: The authors' keys (also with a prefix ``backbone.``), timm's or Hugging
            Face's. Classifier and computed tables are left out.

    Returns:
        Keys of mmseg's ``SwinTransformer``, without a prefix.

    Raises:
        CheckpointError: The tensors are no Swin's.
    """
    state = stripped(state, 'backbone.')
    if any(key.startswith(('swin.', 'embeddings.')) for key in state):
        return from_hf(state)
    state = _from_timm(leave_out(state, LEFT_OUT))
    return _with_merging(rename(state, OFFICIAL, 'Swin'))
