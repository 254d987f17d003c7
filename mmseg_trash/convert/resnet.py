"""ResNet: detectron2's layout to mmseg's."""

import torch

from .common import Rules, State, rename

_NORM = r'norm\.(weight|bias|running_mean|running_var)'


def _rules() -> Rules:
    rules: list[tuple[str, str]] = [
        (r'stem\.conv1\.weight', 'conv1.weight'),
        (rf'stem\.conv1\.{_NORM}', r'bn1.\1'),
    ]
    for stage in range(2, 6):
        block = rf'res{stage}\.(\d+)\.'
        ours = rf'layer{stage - 1}.\1.'
        rules += [
            (rf'{block}(conv[123])\.weight', rf'{ours}\2.weight'),
            (rf'{block}conv([123])\.{_NORM}', rf'{ours}bn\2.\3'),
            (rf'{block}shortcut\.weight', rf'{ours}downsample.0.weight'),
            (rf'{block}shortcut\.{_NORM}', rf'{ours}downsample.1.\2'),
        ]
    return rules


D2: Rules = _rules()


def from_d2(state: State) -> State:
    """Convert detectron2's ResNet, whose norms are frozen and count no batches.

    Args:
        state: Keys ``stem.*`` and ``res2.*`` to ``res5.*``.

    Returns:
        Keys of mmseg's ``ResNet``, without a prefix.

    Raises:
        CheckpointError: The tensors are no ResNet's.
    """
    result: State = {}
    for key, value in rename(state, D2, 'ResNet (detectron2)').items():
        result[key] = value
        if key.endswith('.running_var'):
            stem = key.removesuffix('running_var')
            result[f'{stem}num_batches_tracked'] = torch.tensor(0)
    return result
