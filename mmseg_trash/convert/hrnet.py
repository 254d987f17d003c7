"""HRNet: the authors' and timm's layout to mmseg's, which has the same names."""

from .common import Rules, State, leave_out, rename, stripped

_NORM = r'(?:weight|bias|running_mean|running_var|num_batches_tracked)'
OWN: Rules = [
    (rf'((?:conv|bn)[12]\.{_NORM})', r'\1'),
    (rf'(layer1\.\d\.(?:(?:conv|bn)[123]|downsample\.[01])\.{_NORM})', r'\1'),
    (rf'(transition[1-3]\.\d\.(?:\d\.)?[01]\.{_NORM})', r'\1'),
    (
        rf'(stage[2-4]\.\d\.branches\.\d\.\d\.(?:conv|bn)[12]\.{_NORM})',
        r'\1',
    ),
    (rf'(stage[2-4]\.\d\.fuse_layers\.\d\.\d\.(?:\d\.)?[01]\.{_NORM})', r'\1'),
]
# What widens the four maps for ImageNet's classes, and the classifier.
LEFT_OUT = (
    r'(?:incre_modules|downsamp_modules|final_layer|last_layer)\..+',
    r'(?:classifier|head\.fc)\.(?:weight|bias)',
)


def convert(state: State) -> State:
    """Take an HRNet that was trained on ImageNet.

    Args:
        state: The authors' keys or timm's (also with a prefix ``backbone.``). The parts
            that serve classification alone are left out.

    Returns:
        Keys of mmseg's ``HRNet``, without a prefix.

    Raises:
        CheckpointError: The tensors are no HRNet's.
    """
    state = leave_out(stripped(state, 'backbone.'), LEFT_OUT)
    return rename(state, OWN, 'HRNet')
