"""ConvNeXt: the authors' and timm's layouts to mmpretrain's."""

from .common import Rules, State, leave_out, rename, stripped

_BLOCK = r'stages\.(\d+)\.(?:blocks\.)?(\d+)\.'
_OURS = r'stages.\1.\2.'
RULES: Rules = [
    (r'((?:downsample_layers\.\d+\.\d+|norm\d)\.\w+)', r'\1'),
    (r'stem\.(\d)\.(\w+)', r'downsample_layers.0.\1.\2'),
    (r'stages\.(\d+)\.downsample\.(\d)\.(\w+)', r'downsample_layers.\1.\2.\3'),
    (rf'{_BLOCK}(gamma|norm\.\w+)', rf'{_OURS}\3'),
    (rf'{_BLOCK}(?:dwconv|conv_dw)\.(\w+)', rf'{_OURS}depthwise_conv.\3'),
    (rf'{_BLOCK}(?:pwconv|mlp\.fc)([12])\.(\w+)', rf'{_OURS}pointwise_conv\3.\4'),
]
# The classifier, with the norm that only it sees.
LEFT_OUT = (r'norm\.\w+', r'head\..*', r'(?:decode|auxiliary)_head\..*')


def convert(state: State) -> State:
    """Convert a ConvNeXt backbone to mmpretrain's layout.

    Args:
        state: The authors' keys (also with a prefix ``backbone.``) or timm's.
            Classifier and heads are left out.

    Returns:
        Keys of mmpretrain's ``ConvNeXt``, without a prefix.

    Raises:
        CheckpointError: The tensors are no ConvNeXt's.
    """
    state = stripped(leave_out(state, LEFT_OUT), 'backbone.')
    return rename(state, RULES, 'ConvNeXt')
