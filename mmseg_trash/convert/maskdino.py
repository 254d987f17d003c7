"""MaskDINO: the authors' (detectron2's) layout to this project's."""

import re

import torch

from ..errors import CheckpointError
from . import resnet, swin
from .common import Rules, State, first, leave_out, rename

_KINDS = r'(?:weight|bias)'
_ATTENTION = r'(?:sampling_offsets|attention_weights|value_proj|output_proj)'
# Only the branch that moves boxes has another name than ours.
HEAD: Rules = [
    (
        rf'(pixel_decoder\.(?:input_proj\.\d\.[01]|mask_features)\.{_KINDS})',
        r'\1',
    ),
    (rf'(pixel_decoder\.(?:adapter|layer)_1\.(?:weight|norm\.{_KINDS}))', r'\1'),
    (r'(pixel_decoder\.transformer\.level_embed)', r'\1'),
    (
        r'(pixel_decoder\.transformer\.encoder\.layers\.\d+\.'
        rf'(?:self_attn\.{_ATTENTION}|norm[12]|linear[12])\.{_KINDS})',
        r'\1',
    ),
    (
        r'(predictor\.decoder\.layers\.\d+\.'
        rf'(?:cross_attn\.{_ATTENTION}|self_attn\.out_proj|norm[123]|linear[12])'
        rf'\.{_KINDS})',
        r'\1',
    ),
    (
        rf'(predictor\.decoder\.layers\.\d+\.self_attn\.in_proj_{_KINDS})',
        r'\1',
    ),
    (rf'(predictor\.decoder\.ref_point_head\.layers\.[01]\.{_KINDS})', r'\1'),
    (rf'predictor\._bbox_embed\.(layers\.[012]\.{_KINDS})', r'predictor.bbox_embed.\1'),
    (rf'(predictor\.mask_embed\.layers\.[012]\.{_KINDS})', r'\1'),
    (rf'(predictor\.(?:enc_output(?:_norm)?|decoder_norm)\.{_KINDS})', r'\1'),
    (rf'(predictor\.class_embed\.{_KINDS})', r'\1'),
    (r'(predictor\.(?:query_feat|query_embed|label_enc)\.weight)', r'\1'),
]
# What the authors' modules hold twice or more, and the tensor that is kept.
_COPIES = (
    (r'predictor\.(?:decoder\.)?bbox_embed\.\d+\.(.*)', r'predictor._bbox_embed.\1'),
    (r'predictor\.decoder\.norm\.(.*)', r'predictor.decoder_norm.\1'),
)


def _without_copies(state: State) -> State:
    """Drop the copies of shared tensors after a look whether they are copies.

    Raises:
        CheckpointError: A copy differs, or stands alone: the decoder's layers do not
            share the branch that moves boxes, and ours do.
    """
    copies: list[str] = []
    wrong: list[str] = []
    for key, value in state.items():
        for pattern, origin in _COPIES:
            match = re.fullmatch(pattern, key)
            if match:
                kept = state.get(match.expand(origin))
                same = kept is not None and torch.equal(value, kept)
                (copies if same else wrong).append(key)
    if wrong:
        raise CheckpointError(
            f'{len(wrong)} tensors differ from those that they should share: '
            f'{first(wrong)}'
        )
    return leave_out(state, [re.escape(key) for key in copies])


def convert(state: State) -> State:
    """Convert the authors' MaskDINO with a ResNet or a Swin.

    Args:
        state: Keys ``backbone.*``, ``sem_seg_head.pixel_decoder.*``,
            ``sem_seg_head.predictor.*`` and ``criterion.empty_weight``.

    Returns:
        Keys of ``EncoderDecoder`` with mmseg's ResNet or Swin and ``MaskDINOHead``.

    Raises:
        CheckpointError: Other tensors than a MaskDINO's.
    """
    parts: dict[str, State] = {'backbone.': {}, 'sem_seg_head.': {}, '': {}}
    for key, value in leave_out(state, (r'criterion\.empty_weight',)).items():
        prefix = next(p for p in parts if key.startswith(p))
        parts[prefix][key[len(prefix) :]] = value
    rename(parts[''], [], 'MaskDINO')
    head = rename(_without_copies(parts['sem_seg_head.']), HEAD, 'MaskDINO')
    backbone = parts['backbone.']
    old = resnet.from_d2 if 'stem.conv1.weight' in backbone else swin.convert
    return {
        **{f'backbone.{key}': value for key, value in old(backbone).items()},
        **{f'decode_head.{key}': value for key, value in head.items()},
    }
