"""Whole models of segmentation_models_pytorch to segmentors of ``SMPEncoder``."""

from .common import Rules, State, rename, stripped

RULES: Rules = [
    (r'encoder\.(.+)', r'backbone.encoder.\1'),
    (r'decoder\.(.+)', r'decode_head.decoder.\1'),
    (r'segmentation_head\.0\.(weight|bias)', r'decode_head.conv_seg.\1'),
]


def convert(state: State) -> State:
    """Convert a model of ``segmentation_models_pytorch.create_model``.

    Args:
        state: Its keys, also with a prefix ``model.`` (Lightning) or ``module.``.

    Returns:
        Keys of a segmentor of ``SMPEncoder`` and ``SMPHead``.

    Raises:
        CheckpointError: The tensors are no such model's.
    """
    for prefix in ('module.', 'model.'):
        if all(key.startswith(prefix) for key in state):
            state = stripped(state, prefix)
    return rename(state, RULES, 'segmentation_models_pytorch')
