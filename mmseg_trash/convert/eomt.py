"""EoMT: Hugging Face's and the authors' layouts to this project's."""

import torch

from . import dinov2, dinov3
from .common import Rules, State, leave_out, rename

_BACKBONE, _HEAD = 'backbone.', 'decode_head.'
_LAYER = r'layers\.(\d+)\.'
_OURS = r'backbone.layers.\1.'
_NAMES = {'q': 'query', 'k': 'key', 'v': 'value'}
HF: Rules = [
    (
        r'(embeddings\.(?:cls_token|register_tokens|patch_embeddings\.[\w.]+))',
        r'backbone.\1',
    ),
    (
        r'embeddings\.position_embeddings\.weight',
        'backbone.embeddings.position_embeddings',
    ),
    (
        rf'{_LAYER}attention\.([qkv])_proj\.(\w+)',
        lambda m: f'backbone.layers.{m[1]}.attention.attention.{_NAMES[m[2]]}.{m[3]}',
    ),
    (rf'{_LAYER}attention\.out_proj\.(\w+)', rf'{_OURS}attention.output.dense.\2'),
    (rf'{_LAYER}((?:norm|layer_scale|mlp)[\w.]+)', rf'{_OURS}\2'),
    (r'layernorm\.(\w+)', r'backbone.norm.\1'),
    (
        r'((?:query|upscale_block|mask_head|class_predictor)\.[\w.]+)',
        r'decode_head.\1',
    ),
    (r'attn_mask_probs', 'decode_head.attn_mask_probs'),
]
AUTHORS: Rules = [
    (r'q\.weight', 'query.weight'),
    (r'class_head\.(\w+)', r'class_predictor.\1'),
    (
        r'mask_head\.([024])\.(\w+)',
        lambda m: f'mask_head.fc{int(m[1]) // 2 + 1}.{m[2]}',
    ),
    (r'upscale\.(\d)\.(conv[12]\.\w+)', r'upscale_block.block.\1.\2'),
    (r'upscale\.(\d)\.norm\.(\w+)', r'upscale_block.block.\1.layernorm2d.\2'),
    (r'(attn_mask_probs)', r'\1'),
]
LEFT_OUT = (r'criterion\.empty_weight', r'(?:network\.)?encoder\.pixel_(?:mean|std)')


def from_hf(state: State) -> State:
    """Convert Hugging Face's ``EomtForUniversalSegmentation``.

    Its class token holds its position already; ours gets a position of 0.

    Raises:
        CheckpointError: Other tensors than such a model's.
    """
    state = rename(leave_out(state, LEFT_OUT), HF, 'EoMT (Hugging Face)')
    key = 'backbone.embeddings.position_embeddings'
    if key in state:
        patches = state[key][None]
        state[key] = torch.cat([torch.zeros_like(patches[:, :1]), patches], 1)
    return state


def _as_hf(key: str) -> str:
    """Return transformers' name of a part of DINOv3, which the authors renamed."""
    return key.replace('patch_embed.', 'embeddings.', 1).replace('blocks.', 'layer.', 1)


def from_authors(state: State) -> State:
    """Convert the authors' EoMT, over DINOv2 or over DINOv3.

    Files that hold differences from the backbone's weights (the authors' over DINOv3)
    cannot be told from others; add those weights first.

    Args:
        state: Keys ``network.encoder.backbone.*``, ``network.q.weight`` and so on.

    Raises:
        CheckpointError: Other tensors than such a model's.
    """
    state = leave_out(state, LEFT_OUT)
    state = {key.removeprefix('network.'): value for key, value in state.items()}
    stem = 'encoder.backbone.'
    vit = {k[len(stem) :]: v for k, v in state.items() if k.startswith(stem)}
    head = {k: v for k, v in state.items() if not k.startswith(stem)}
    if any('.attention.q_proj.' in key for key in vit):
        vit = dinov3.convert({_as_hf(key): value for key, value in vit.items()})
    else:
        vit = dinov2.convert(vit)
    head = rename(head, AUTHORS, 'EoMT')
    return {
        **{_BACKBONE + key: value for key, value in vit.items()},
        **{_HEAD + key: value for key, value in head.items()},
    }


def convert(state: State) -> State:
    """Convert an EoMT of either layout.

    Returns:
        Keys of ``EncoderDecoder`` with ``DINOv2`` or ``DINOv3`` and ``EoMTHead``.

    Raises:
        CheckpointError: The tensors are no EoMT's.
    """
    authors = any('encoder.backbone.' in key for key in state)
    return from_authors(state) if authors else from_hf(state)
