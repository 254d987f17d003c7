"""SeMask: the authors' layouts (mmseg's FPN, detectron2's Mask2Former) to ours."""

import torch

from ..errors import CheckpointError
from . import mask2former, swin
from .common import Rules, State, first, leave_out, rename

_LAYER = r'layers\.(\d+)\.semantic_layer\.'
_OURS = r'semantic_layers.\1.'
SEMANTIC: Rules = [
    (rf'{_LAYER}norm1\.(\w+)', rf'{_OURS}norm.\2'),
    (
        rf'{_LAYER}class_injection\.0\.(mlp_(?:cls_q|cls_k|v|res)\.\w+|gamma)',
        rf'{_OURS}attention.\2',
    ),
]
# Heads whose names are the authors' here too.
FPN: Rules = [
    (r'(decode_head\.(?:scale_heads\.\d\.\d\.(?:conv|bn)|conv_seg)\.\w+)', r'\1'),
]
_FAPN = 'sem_seg_head.pixel_decoder.'
FAPN: Rules = [
    (r'((?:adapter|layer)_\d\.(?:weight|norm\.\w+))', r'\1'),
    (r'(align_\d\.(?:offset|dcpack_L2|dcpack_L2\.conv_offset_mask)\.\w+)', r'\1'),
    (r'(mask_features\.\w+)', r'\1'),
]


def _parts(state: State, prefix: str) -> tuple[State, State]:
    """Return the tensors below a prefix, without it, and all others."""
    below = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    return below, {k: v for k, v in state.items() if not k.startswith(prefix)}


def convert_backbone(state: State) -> State:
    """Convert the backbone alone.

    Args:
        state: The authors' keys, without a prefix.

    Returns:
        Keys of ``SeMaskSwinTransformer``, without a prefix.

    Raises:
        CheckpointError: There are no semantic layers, or the rest is no Swin.
    """
    semantic = {k: v for k, v in state.items() if '.semantic_layer.' in k}
    if not semantic:
        raise CheckpointError(
            f'is no SeMask checkpoint: no semantic layer among {first(list(state))}'
        )
    other = {k: v for k, v in state.items() if k not in semantic}
    return {**swin.convert(other), **rename(semantic, SEMANTIC, 'SeMask')}


def _fapn(state: State) -> State:
    """Convert the pixel decoder of FaPN, below its prefix.

    Its norms serve two layers and stand twice in the authors' file, once here.
    """
    copies = [key for key in state if '.offset.norm.' in key]
    for key in copies:
        level, kind = key.split('_')[1][0], key.rpartition('.')[2]
        origin = f'layer_{level}.norm.{kind}'
        if origin not in state or not torch.equal(state[key], state[origin]):
            raise CheckpointError(f'{_FAPN}{key}: is no copy of {_FAPN}{origin}')
    kept = {key: value for key, value in state.items() if key not in copies}
    return rename(kept, FAPN, 'SeMask-FaPN')


def convert(state: State) -> State:
    """Convert a SeMask model.

    Args:
        state: A backbone alone, or a segmentor: ``backbone.*`` with ``decode_head.*``
            (SeMask-FPN) or ``sem_seg_head.*`` (SeMask-Mask2Former, with deformable
            attention or FaPN as its pixel decoder).

    Returns:
        Keys of ``SeMaskSwinTransformer`` with ``FPNHead`` or ``HFMask2FormerHead``;
        without a prefix for a backbone alone.

    Raises:
        CheckpointError: Some tensors are unknown; the message shows the first of them.
    """
    backbone, rest = _parts(state, 'backbone.')
    if not backbone:
        return convert_backbone(state)
    result = {f'backbone.{k}': v for k, v in convert_backbone(backbone).items()}
    rest = leave_out(rest, (r'criterion\.empty_weight',))
    if not any(key.startswith('sem_seg_head.') for key in rest):
        return {**result, **rename(rest, FPN, 'SeMask-FPN')}
    unknown = [key for key in rest if not key.startswith('sem_seg_head.')]
    if unknown:
        raise CheckpointError(f'is no SeMask checkpoint: unknown: {first(unknown)}')
    if any(key.startswith(f'{_FAPN}align_') for key in rest):
        pixel, rest = _parts(rest, _FAPN)
        result |= {f'decode_head.pixel_decoder.{k}': v for k, v in _fapn(pixel).items()}
    return {**result, **mask2former.head_from_d2(rest)}
