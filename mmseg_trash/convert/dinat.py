"""DiNAT and NAT: the authors' and Hugging Face's layouts to ours."""

from .common import (
    Rules,
    State,
    joined,
    leave_out,
    rename,
    resize_position_bias,
    stripped,
)

_BLOCK = r'levels\.(\d+)\.blocks\.(\d+)\.'
_LAYER = r'encoder\.levels\.(\d+)\.layers\.(\d+)\.'
_OURS = r'levels.\1.blocks.\2.'
# The authors' names are ours.
OFFICIAL: Rules = [
    (r'(patch_embed\.(?:proj\.[01]|norm)\.(?:weight|bias))', r'\1'),
    (rf'({_BLOCK}(?:norm[12]|attn\.(?:qkv|proj)|mlp\.fc[12])\.(?:weight|bias))', r'\1'),
    (rf'({_BLOCK}(?:attn\.rpb|gamma[12]))', r'\1'),
    (r'(levels\.\d+\.downsample\.(?:reduction|norm)\.(?:weight|bias))', r'\1'),
    (r'(norm\d\.(?:weight|bias))', r'\1'),
]
HF: Rules = [
    (r'embeddings\.patch_embeddings\.projection\.(.*)', r'patch_embed.proj.\1'),
    (r'embeddings\.norm\.(\w+)', r'patch_embed.norm.\1'),
    (rf'{_LAYER}layernorm_before\.(\w+)', rf'{_OURS}norm1.\3'),
    (rf'{_LAYER}layernorm_after\.(\w+)', rf'{_OURS}norm2.\3'),
    (rf'{_LAYER}attention\.self\.(rpb|qkv\.\w+)', rf'{_OURS}attn.\3'),
    (rf'{_LAYER}attention\.output\.dense\.(\w+)', rf'{_OURS}attn.proj.\3'),
    (rf'{_LAYER}intermediate\.dense\.(\w+)', rf'{_OURS}mlp.fc1.\3'),
    (rf'{_LAYER}output\.dense\.(\w+)', rf'{_OURS}mlp.fc2.\3'),
    (rf'{_LAYER}gamma([12])', rf'{_OURS}gamma\3'),
    (r'encoder\.(levels\.\d+\.downsample\.(?:reduction|norm)\.\w+)', r'\1'),
    (
        r'hidden_states_norms\.stage(\d)\.(\w+)',
        lambda m: f'norm{int(m[1]) - 1}.{m[2]}',
    ),
]
# The classifier with its norm.
LEFT_OUT = (r'(?:norm|layernorm|head|classifier)\.(?:weight|bias)',)


def _hf_names(state: State) -> State:
    """Join the projections and part the factors of attention and MLP, (2, C)."""
    for kind in ('weight', 'bias'):
        parts = [f'self.{name}.{kind}' for name in ('query', 'key', 'value')]
        state = joined(state, parts, f'self.qkv.{kind}')
    result: State = {}
    for key, value in state.items():
        stem, found, _ = key.partition('layer_scale_parameters')
        names = [f'{stem}gamma1', f'{stem}gamma2'] if found else [key]
        result |= zip(names, value.clone() if found else [value])
    return result


def convert(state: State) -> State:
    """Convert a DiNAT or NAT backbone to our layout.

    Args:
        state: The authors' keys (also with a prefix ``backbone.``, as whole segmentors
            have it) or Hugging Face's. The classifier is left out.

    Returns:
        Keys of our ``DiNAT``, without a prefix.

    Raises:
        CheckpointError: The tensors are no DiNAT's.
    """
    state = stripped(stripped(state, 'backbone.'), 'dinat.')
    state = leave_out(state, LEFT_OUT)
    if any(key.startswith('embeddings.') for key in state):
        return rename(_hf_names(state), HF, 'DiNAT (Hugging Face)')
    return rename(state, OFFICIAL, 'DiNAT')


def from_segmentor(state: State) -> State:
    """Convert the authors' whole UPerNet, whose heads are mmseg's.

    Args:
        state: Keys ``backbone.*``, ``decode_head.*`` and ``auxiliary_head.*``.

    Returns:
        Keys of ``EncoderDecoder``.

    Raises:
        CheckpointError: Other tensors than such a model's.
    """
    heads = {k: v for k, v in state.items() if not k.startswith('backbone.')}
    heads = rename(heads, [(r'((?:decode|auxiliary)_head\..*)', r'\1')], 'UPerNet')
    backbone = {k: v for k, v in state.items() if k.startswith('backbone.')}
    return {**{f'backbone.{k}': v for k, v in convert(backbone).items()}, **heads}


def with_kernel_size(state: State, kernel_size: int) -> State:
    """Interpolate the position biases for another width of the neighbourhood.

    The authors' weights for K = 11 came about so, from K = 7 (bicubic).

    Args:
        state: Tensors in our layout.
        kernel_size: K wanted.
    """
    span = 2 * kernel_size - 1
    result = dict(state)
    for key, value in state.items():
        if key.endswith('attn.rpb') and value.shape[-1] != span:
            table = resize_position_bias(value.flatten(1).t(), span * span)
            result[key] = table.t().reshape(-1, span, span).contiguous()
    return result
