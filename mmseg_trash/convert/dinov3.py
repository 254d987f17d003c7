"""DINOv3: the authors', timm's and Hugging Face's layouts to this project's."""

import torch

from .common import Rules, State, leave_out, rename, stripped
from .dinov2 import apart

_BLOCK = r'blocks\.(\d+)\.'
_OURS = r'layers.\1.'
_EMBED = 'embeddings.'
_MLP = {'fc1': 'up_proj', 'fc2': 'down_proj'}
OFFICIAL: Rules = [
    (r'cls_token', f'{_EMBED}cls_token'),
    (r'(?:storage_tokens|reg_token)', f'{_EMBED}register_tokens'),
    (r'patch_embed\.proj\.(\w+)', rf'{_EMBED}patch_embeddings.\1'),
    (rf'{_BLOCK}(norm[12]\.\w+)', rf'{_OURS}\2'),
    (rf'{_BLOCK}attn\.([qkv]_proj\.\w+)', rf'{_OURS}attention.\2'),
    (rf'{_BLOCK}attn\.([qv])_bias', rf'{_OURS}attention.\2_proj.bias'),
    (rf'{_BLOCK}attn\.proj\.(\w+)', rf'{_OURS}attention.o_proj.\2'),
    (rf'{_BLOCK}(?:ls|gamma_)([12])(?:\.gamma)?', rf'{_OURS}layer_scale\2.lambda1'),
    (
        rf'{_BLOCK}mlp\.(fc[12])\.(\w+)',
        lambda m: f'layers.{m[1]}.mlp.{_MLP[m[2]]}.{m[3]}',
    ),
    (r'(norm\.\w+)', r'\1'),
]
HF: Rules = [
    (r'(embeddings\.[\w.]+)', r'\1'),
    (r'layer\.(\d+\.[\w.]+)', r'layers.\1'),
    (r'(norm\.\w+)', r'\1'),
]
# The token of masked patches in pretraining, what the model computes itself, and the
# mask that holds the keys' bias at 0.
LEFT_OUT = (
    r'(?:.*\.)?mask_token',
    r'rope_embed(?:dings)?\.\w+',
    r'.*\.bias_mask',
    r'head\.\w+',
)


def convert(state: State) -> State:
    """Convert a DINOv3 vision transformer.

    Args:
        state: The authors' keys, timm's or Hugging Face's (also with a prefix
            ``dinov3_vit.`` or ``model.``). Keys have no bias: the authors' is held at
            0. timm leaves out the others where they are 0 as well.

    Returns:
        Keys of :class:`mmseg_trash.models.DINOv3`, without a prefix.

    Raises:
        CheckpointError: The tensors are no such transformer's.
    """
    state = leave_out(state, LEFT_OUT)
    for prefix in ('dinov3_vit.', 'model.'):
        state = stripped(state, prefix)
    if any(key.startswith('embeddings.') for key in state):
        return rename(state, HF, 'DINOv3 (Hugging Face)')
    ends: dict[str, tuple[str, ...]] = {
        'attn.qkv.weight': tuple(f'attn.{n}_proj.weight' for n in 'qkv'),
        'attn.qkv.bias': ('attn.q_bias', '', 'attn.v_bias'),
    }
    state = rename(apart(state, ends), OFFICIAL, 'DINOv3')
    for key, value in list(state.items()):
        if key.endswith(('.q_proj.weight', '.v_proj.weight')):
            bias = key.replace('weight', 'bias')
            state.setdefault(bias, torch.zeros_like(value[:, 0]))
    return state
