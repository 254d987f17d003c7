"""Mix Vision Transformer: the authors' and Hugging Face's layouts to mmseg's."""

import re
from collections.abc import Callable

from .common import Rules, State, joined, leave_out, rename, stripped


def _at(place: str) -> Callable[[re.Match[str]], str]:
    """Return a replacement that counts the first group from 0 instead of 1."""

    def replace(match: re.Match[str]) -> str:
        rest = match.groups()[1:]
        return place.format(int(match[1]) - 1, *rest)

    return replace


_BLOCK = r'block(\d)\.(\d+)\.'
_HF_BLOCK = r'encoder\.block\.(\d)\.(\d+)\.'
_IN = r'attn\.in_proj_(\w+)'
OFFICIAL: Rules = [
    (r'patch_embed(\d)\.proj\.(\w+)', _at('layers.{}.0.projection.{}')),
    (r'patch_embed(\d)\.norm\.(\w+)', _at('layers.{}.0.norm.{}')),
    (rf'{_BLOCK}(norm[12]\.\w+)', _at('layers.{}.1.{}.{}')),
    (rf'{_BLOCK}{_IN}', _at('layers.{}.1.{}.attn.attn.in_proj_{}')),
    (rf'{_BLOCK}attn\.proj\.(\w+)', _at('layers.{}.1.{}.attn.attn.out_proj.{}')),
    (rf'{_BLOCK}attn\.((?:sr|norm)\.\w+)', _at('layers.{}.1.{}.attn.{}')),
    (rf'{_BLOCK}mlp\.fc1\.(\w+)', _at('layers.{}.1.{}.ffn.layers.0.{}')),
    (rf'{_BLOCK}mlp\.dwconv\.dwconv\.(\w+)', _at('layers.{}.1.{}.ffn.layers.1.{}')),
    (rf'{_BLOCK}mlp\.fc2\.(\w+)', _at('layers.{}.1.{}.ffn.layers.4.{}')),
    (r'norm(\d)\.(\w+)', _at('layers.{}.2.{}')),
]
_OURS = r'layers.\1.1.\2.'
HF: Rules = [
    (r'encoder\.patch_embeddings\.(\d)\.proj\.(\w+)', r'layers.\1.0.projection.\2'),
    (r'encoder\.patch_embeddings\.(\d)\.layer_norm\.(\w+)', r'layers.\1.0.norm.\2'),
    (rf'{_HF_BLOCK}layer_norm_([12])\.(\w+)', rf'{_OURS}norm\3.\4'),
    (rf'{_HF_BLOCK}{_IN}', rf'{_OURS}attn.attn.in_proj_\3'),
    (rf'{_HF_BLOCK}attention\.output\.dense\.(\w+)', rf'{_OURS}attn.attn.out_proj.\3'),
    (rf'{_HF_BLOCK}attention\.self\.(sr\.\w+)', rf'{_OURS}attn.\3'),
    (rf'{_HF_BLOCK}attention\.self\.layer_norm\.(\w+)', rf'{_OURS}attn.norm.\3'),
    (rf'{_HF_BLOCK}mlp\.dense1\.(\w+)', rf'{_OURS}ffn.layers.0.\3'),
    (rf'{_HF_BLOCK}mlp\.dwconv\.dwconv\.(\w+)', rf'{_OURS}ffn.layers.1.\3'),
    (rf'{_HF_BLOCK}mlp\.dense2\.(\w+)', rf'{_OURS}ffn.layers.4.\3'),
    (r'encoder\.layer_norm\.(\d)\.(\w+)', r'layers.\1.2.\2'),
]
LEFT_OUT = (r'(?:head|classifier)\.(?:weight|bias)', r'decode_head\..*')


def convert(state: State) -> State:
    """Convert SegFormer's encoder to mmseg's layout.

    Args:
        state: The authors' keys (also with a prefix ``backbone.``) or Hugging Face's
            (``SegformerModel``, or a model with the prefix ``segformer.``). Classifier
            and head are left out.

    Returns:
        Keys of mmseg's ``MixVisionTransformer``, without a prefix.

    Raises:
        CheckpointError: The tensors are no MiT's.
    """
    state = leave_out(state, LEFT_OUT)
    state = stripped(stripped(state, 'backbone.'), 'segformer.')
    hf = any(key.startswith('encoder.') for key in state)
    for kind in ('weight', 'bias'):
        if hf:
            parts = [f'attention.self.{p}.{kind}' for p in ('query', 'key', 'value')]
        else:
            parts = [f'attn.{p}.{kind}' for p in ('q', 'kv')]
        state = joined(state, parts, f'attn.in_proj_{kind}')
    state = rename(state, HF if hf else OFFICIAL, 'MiT')
    # mmseg's feed-forward layers are 1x1 convolutions.
    return {
        k: v[..., None, None] if re.search(r'ffn\.layers\.[04]\.weight$', k) else v
        for k, v in state.items()
    }
