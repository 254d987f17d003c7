"""SegFormer: the authors' and Hugging Face's whole segmentors to ours."""

import re

from ..errors import CheckpointError
from . import mit
from .common import Rules, State, first, leave_out, rename

_HEAD = 'decode_head.'


def _projection(match: re.Match[str]) -> str:
    """Name a projection from 0; the authors number the maps from 1."""
    return f'{_HEAD}projections.{int(match[1]) - 1}.{match[2]}'


OFFICIAL: Rules = [
    (r'decode_head\.linear_c([1-4])\.proj\.(weight|bias)', _projection),
    (r'decode_head\.linear_fuse\.(conv\.weight)', r'decode_head.fusion_conv.\1'),
    (r'decode_head\.linear_fuse\.(bn\.\w+)', r'decode_head.fusion_conv.\1'),
    (r'decode_head\.linear_pred\.(weight|bias)', r'decode_head.conv_seg.\1'),
]
HF: Rules = [
    (
        r'decode_head\.linear_c\.(\d)\.proj\.(weight|bias)',
        r'decode_head.projections.\1.\2',
    ),
    (r'decode_head\.linear_fuse\.(weight)', r'decode_head.fusion_conv.conv.\1'),
    (r'decode_head\.batch_norm\.(\w+)', r'decode_head.fusion_conv.bn.\1'),
    (r'decode_head\.classifier\.(weight|bias)', r'decode_head.conv_seg.\1'),
]


def _convert(state: State, rules: Rules, layout: str) -> State:
    head = {k: v for k, v in state.items() if k.startswith(_HEAD)}
    rest = {k: v for k, v in state.items() if k not in head}
    if not head:
        raise CheckpointError(
            f'is no {layout} checkpoint: no decode_head among {first(state)}'
        )
    backbone = {f'backbone.{k}': v for k, v in mit.convert(rest).items()}
    return {**backbone, **rename(head, rules, layout)}


def from_official(state: State) -> State:
    """Convert the authors' segmentor.

    Args:
        state: ``backbone.*`` and ``decode_head.*``. ``decode_head.conv_seg``, which the
            authors' network never calls, is left out.

    Returns:
        Keys of a segmentor of ``MixVisionTransformer`` and ``SegformerMLPHead``.

    Raises:
        CheckpointError: The tensors are no such segmentor's.
    """
    state = leave_out(state, (r'decode_head\.conv_seg\.(?:weight|bias)',))
    return _convert(state, OFFICIAL, 'SegFormer')


def from_hf(state: State) -> State:
    """Convert Hugging Face's ``SegformerForSemanticSegmentation``.

    Args:
        state: ``segformer.*`` and ``decode_head.*``.

    Returns:
        Keys of a segmentor of ``MixVisionTransformer`` and ``SegformerMLPHead``.

    Raises:
        CheckpointError: The tensors are no such segmentor's.
    """
    return _convert(state, HF, 'SegFormer (Hugging Face)')
