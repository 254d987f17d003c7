"""DINOv2: the authors', timm's and Hugging Face's layouts to this project's."""

import torch

from ..errors import CheckpointError
from .common import Rules, State, leave_out, rename, stripped

_BLOCK = r'blocks\.(?:\d+\.)?(\d+)\.'
_OURS = r'layers.\1.'
_EMBED = 'embeddings.'
OFFICIAL: Rules = [
    (r'cls_token', f'{_EMBED}cls_token'),
    (r'(?:register_tokens|reg_token)', f'{_EMBED}register_tokens'),
    (r'pos_embed', f'{_EMBED}position_embeddings'),
    (r'patch_embed\.proj\.(\w+)', rf'{_EMBED}patch_embeddings.projection.\1'),
    (rf'{_BLOCK}(norm[12]\.\w+)', rf'{_OURS}\2'),
    (rf'{_BLOCK}attn\.(query|key|value)\.(\w+)', rf'{_OURS}attention.attention.\2.\3'),
    (rf'{_BLOCK}attn\.proj\.(\w+)', rf'{_OURS}attention.output.dense.\2'),
    (rf'{_BLOCK}ls([12])\.gamma', rf'{_OURS}layer_scale\2.lambda1'),
    (rf'{_BLOCK}(mlp\.fc[12]\.\w+)', rf'{_OURS}\2'),
    (r'(norm\.\w+)', r'\1'),
]
HF: Rules = [
    (r'(embeddings\.[\w.]+)', r'\1'),
    (r'encoder\.layer\.(\d+\.[\w.]+)', r'layers.\1'),
    (r'layernorm\.(\w+)', r'norm.\1'),
]
# The token of masked patches in pretraining, and the classifier.
LEFT_OUT = (r'(?:.*\.)?mask_token', r'(?:linear_head|head|classifier)\.\w+')


def apart(state: State, ends: dict[str, tuple[str, ...]]) -> State:
    """Split the tensors whose names end in some way into equal parts along axis 0.

    Args:
        state: The tensors.
        ends: For each end of a name, the ends that take its place; '' drops a part.
    """
    result: State = {}
    for key, value in state.items():
        for end, names in ends.items():
            if key.endswith(end):
                stem = key[: -len(end)]
                parts = zip(names, value.chunk(len(names)))
                result.update({stem + n: p.contiguous() for n, p in parts if n})
                break
        else:
            result[key] = value
    return result


def from_blocks(state: State) -> State:
    """Convert the authors' or timm's layout, see :func:`convert`."""
    ends = {
        f'attn.qkv.{kind}': tuple(f'attn.{n}.{kind}' for n in ('query', 'key', 'value'))
        for kind in ('weight', 'bias')
    }
    result = rename(apart(state, ends), OFFICIAL, 'DINOv2')
    table = result.get(f'{_EMBED}position_embeddings')
    if table is not None and round(table.shape[1] ** 0.5) ** 2 == table.shape[1]:
        # timm with registers: the class token holds its position already.
        table = torch.cat([torch.zeros_like(table[:, :1]), table], 1)
        result[f'{_EMBED}position_embeddings'] = table
    return result


def convert(state: State) -> State:
    """Convert a DINOv2 backbone.

    Args:
        state: The authors' keys, timm's or Hugging Face's (also with a prefix
            ``dinov2.`` or ``dinov2_with_registers.``), with or without registers.

    Returns:
        Keys of :class:`mmseg_trash.models.DINOv2`, without a prefix.

    Raises:
        CheckpointError: The tensors are no DINOv2's with plain MLPs.
    """
    state = leave_out(state, LEFT_OUT)
    for prefix in ('dinov2.', 'dinov2_with_registers.'):
        state = stripped(state, prefix)
    if any(key.startswith('embeddings.') for key in state):
        state = rename(state, HF, 'DINOv2 (Hugging Face)')
    else:
        state = from_blocks(state)
    gated = [key for key in state if '.mlp.weights_' in key]
    if gated:
        raise CheckpointError(f'{gated[0]}: the gated MLPs of ViT-g are not supported')
    return state
