"""Mask2Former: detectron2's, Hugging Face's and mmdet's layouts to this project's."""

from . import swin
from .common import Rules, State, leave_out, rename

PREFIX = 'decode_head.'
_LAYER = r'layers\.(\d+)\.'
_ATTENTION = r'self_attn\.(?:sampling_offsets|attention_weights|value_proj|output_proj)'
_ENC = r'pixel_decoder.encoder.layers.\1.'
_DEC = r'transformer_module.decoder.layers.\1.'
_MASKS = 'transformer_module.decoder.mask_predictor.mask_embedder'
_END = 'transformer_module.decoder.layernorm'
_T = 'transformer_module'

# The names of our modules are those of transformers.
_D2_PIXEL = r'pixel_decoder\.'
_D2_ENC = rf'{_D2_PIXEL}transformer\.encoder\.{_LAYER}'
_D2_CROSS = r'predictor\.transformer_cross_attention_layers\.(\d+)\.'
_D2_SELF = r'predictor\.transformer_self_attention_layers\.(\d+)\.'
_D2_FFN = r'predictor\.transformer_ffn_layers\.(\d+)\.'
D2: Rules = [
    (rf'{_D2_PIXEL}input_proj\.(\d\.\d\.\w+)', r'pixel_decoder.input_projections.\1'),
    (rf'{_D2_PIXEL}transformer\.level_embed', 'pixel_decoder.level_embed'),
    (rf'{_D2_ENC}({_ATTENTION}\.\w+)', rf'{_ENC}\2'),
    (rf'{_D2_ENC}norm1\.(\w+)', rf'{_ENC}self_attn_layer_norm.\2'),
    (rf'{_D2_ENC}norm2\.(\w+)', rf'{_ENC}final_layer_norm.\2'),
    (rf'{_D2_ENC}linear([12])\.(\w+)', rf'{_ENC}fc\2.\3'),
    (rf'{_D2_PIXEL}((?:adapter|layer)_\d)\.norm\.(\w+)', r'pixel_decoder.\1.1.\2'),
    (rf'{_D2_PIXEL}((?:adapter|layer)_\d)\.(\w+)', r'pixel_decoder.\1.0.\2'),
    (rf'{_D2_PIXEL}mask_features\.(\w+)', r'pixel_decoder.mask_projection.\1'),
    (rf'{_D2_CROSS}multihead_attn\.([\w.]+)', rf'{_DEC}cross_attn.\2'),
    (rf'{_D2_CROSS}norm\.(\w+)', rf'{_DEC}cross_attn_layer_norm.\2'),
    (rf'{_D2_SELF}self_attn\.([\w.]+)', rf'{_DEC}self_attn.\2'),
    (rf'{_D2_SELF}norm\.(\w+)', rf'{_DEC}self_attn_layer_norm.\2'),
    (rf'{_D2_FFN}linear([12])\.(\w+)', rf'{_DEC}fc\2.\3'),
    (rf'{_D2_FFN}norm\.(\w+)', rf'{_DEC}final_layer_norm.\2'),
    (r'predictor\.decoder_norm\.(\w+)', rf'{_END}.\1'),
    (
        r'predictor\.(?:query_feat|static_query)\.weight',
        f'{_T}.queries_features.weight',
    ),
    (r'predictor\.query_embed\.weight', f'{_T}.queries_embedder.weight'),
    (r'predictor\.level_embed\.weight', f'{_T}.level_embed.weight'),
    (r'predictor\.class_embed\.(\w+)', r'class_predictor.\1'),
    (r'predictor\.mask_embed\.layers\.(\d)\.(\w+)', rf'{_MASKS}.\1.0.\2'),
]
_MM_ENC = rf'pixel_decoder\.encoder\.{_LAYER}'
_MM_DEC = rf'transformer_decoder\.{_LAYER}'
MMDET: Rules = [
    (
        r'pixel_decoder\.input_convs\.(\d)\.conv\.(\w+)',
        r'pixel_decoder.input_projections.\1.0.\2',
    ),
    (
        r'pixel_decoder\.input_convs\.(\d)\.gn\.(\w+)',
        r'pixel_decoder.input_projections.\1.1.\2',
    ),
    (r'pixel_decoder\.level_encoding\.weight', 'pixel_decoder.level_embed'),
    (rf'{_MM_ENC}({_ATTENTION}\.\w+)', rf'{_ENC}\2'),
    (rf'{_MM_ENC}norms\.0\.(\w+)', rf'{_ENC}self_attn_layer_norm.\2'),
    (rf'{_MM_ENC}norms\.1\.(\w+)', rf'{_ENC}final_layer_norm.\2'),
    (rf'{_MM_ENC}ffn\.layers\.0\.0\.(\w+)', rf'{_ENC}fc1.\2'),
    (rf'{_MM_ENC}ffn\.layers\.1\.(\w+)', rf'{_ENC}fc2.\2'),
    (r'pixel_decoder\.lateral_convs\.0\.conv\.(\w+)', r'pixel_decoder.adapter_1.0.\1'),
    (r'pixel_decoder\.lateral_convs\.0\.gn\.(\w+)', r'pixel_decoder.adapter_1.1.\1'),
    (r'pixel_decoder\.output_convs\.0\.conv\.(\w+)', r'pixel_decoder.layer_1.0.\1'),
    (r'pixel_decoder\.output_convs\.0\.gn\.(\w+)', r'pixel_decoder.layer_1.1.\1'),
    (r'pixel_decoder\.mask_feature\.(\w+)', r'pixel_decoder.mask_projection.\1'),
    (rf'{_MM_DEC}cross_attn\.attn\.([\w.]+)', rf'{_DEC}cross_attn.\2'),
    (rf'{_MM_DEC}self_attn\.attn\.([\w.]+)', rf'{_DEC}self_attn.\2'),
    (rf'{_MM_DEC}norms\.0\.(\w+)', rf'{_DEC}cross_attn_layer_norm.\2'),
    (rf'{_MM_DEC}norms\.1\.(\w+)', rf'{_DEC}self_attn_layer_norm.\2'),
    (rf'{_MM_DEC}norms\.2\.(\w+)', rf'{_DEC}final_layer_norm.\2'),
    (rf'{_MM_DEC}ffn\.layers\.0\.0\.(\w+)', rf'{_DEC}fc1.\2'),
    (rf'{_MM_DEC}ffn\.layers\.1\.(\w+)', rf'{_DEC}fc2.\2'),
    (r'transformer_decoder\.post_norm\.(\w+)', rf'{_END}.\1'),
    (r'query_feat\.weight', f'{_T}.queries_features.weight'),
    (r'query_embed\.weight', f'{_T}.queries_embedder.weight'),
    (r'level_embed\.weight', f'{_T}.level_embed.weight'),
    (r'cls_embed\.(\w+)', r'class_predictor.\1'),
    (r'mask_embed\.([024])\.(\w+)', lambda m: f'{_MASKS}.{int(m[1]) // 2}.0.{m[2]}'),
]
HF: Rules = [
    (r'model\.pixel_level_module\.decoder\.([\w.]+)', r'pixel_decoder.\1'),
    (r'model\.(transformer_module\.[\w.]+)', r'\1'),
    (r'(class_predictor\.\w+)', r'\1'),
]


def _split(state: State, prefix: str) -> tuple[State, State]:
    """Return the tensors below a prefix, without it, and all others."""
    below = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    return below, {k: v for k, v in state.items() if not k.startswith(prefix)}


def _with_prefix(state: State, prefix: str) -> State:
    return {prefix + key: value for key, value in state.items()}


def _projections_apart(state: State) -> State:
    """Split the joint projection of each self-attention into three."""
    result: State = {}
    for key, value in state.items():
        stem, _, kind = key.rpartition('in_proj_')
        if stem.endswith('.self_attn.'):
            for name, part in zip('qkv', value.chunk(3)):
                result[f'{stem}{name}_proj.{kind}'] = part.contiguous()
        else:
            result[key] = value
    return result


def head_from_d2(state: State) -> State:
    """Convert the head of detectron2's Mask2Former, ``sem_seg_head.*``.

    Returns:
        Keys of ``HFMask2FormerHead``, with the prefix ``decode_head.``.
    """
    head, _ = _split(state, 'sem_seg_head.')
    return _with_prefix(
        _projections_apart(rename(head, D2, 'Mask2Former (detectron2)')), PREFIX
    )


def from_d2(state: State) -> State:
    """Convert the authors' Mask2Former, with Swin.

    Other backbones than Swin keep their names, which are their authors'.

    Args:
        state: Keys ``backbone.*``, ``sem_seg_head.*`` and ``criterion.empty_weight``.

    Returns:
        Keys of ``EncoderDecoder`` with mmseg's Swin and ``HFMask2FormerHead``.

    Raises:
        CheckpointError: Other tensors than a Mask2Former's.
    """
    state = leave_out(state, (r'criterion\.empty_weight',))
    backbone, rest = _split(state, 'backbone.')
    if any(key.startswith('layers.') for key in backbone):
        backbone = swin.convert(backbone)
    _, other = _split(rest, 'sem_seg_head.')
    rename(other, [], 'Mask2Former (detectron2)')
    return {**_with_prefix(backbone, 'backbone.'), **head_from_d2(rest)}


def from_hf(state: State) -> State:
    """Convert Hugging Face's ``Mask2FormerForUniversalSegmentation`` with Swin.

    Raises:
        CheckpointError: Other tensors than such a model's.
    """
    state = leave_out(state, (r'criterion\.empty_weight',))
    backbone, head = _split(state, 'model.pixel_level_module.encoder.')
    head = rename(head, HF, 'Mask2Former (Hugging Face)')
    return {
        **_with_prefix(swin.from_hf(backbone), 'backbone.'),
        **_with_prefix(head, PREFIX),
    }


def from_mmdet(state: State) -> State:
    """Convert OpenMMLab's Mask2Former; the backbone's names stay.

    Raises:
        CheckpointError: Other tensors than such a model's.
    """
    head, backbone = _split(state, PREFIX)
    backbone = leave_out(backbone, (r'.*\.relative_position_index',))
    backbone = rename(backbone, [(r'(backbone\.[\w.]+)', r'\1')], 'Mask2Former (mmdet)')
    head = rename(head, MMDET, 'Mask2Former (mmdet)')
    return {**backbone, **_with_prefix(_projections_apart(head), PREFIX)}
