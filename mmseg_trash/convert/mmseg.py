"""Whole segmentors of mmseg, whose names are this project's."""

from .common import Rules, State, leave_out, rename

OWN: Rules = [(r'((?:backbone|neck|decode_head|auxiliary_head)\..+)', r'\1')]
LEFT_OUT = (r'data_preprocessor\..+', r'.*relative_position_index')


def convert(state: State) -> State:
    """Take a segmentor as mmseg saves it.

    Args:
        state: ``backbone.*``, ``neck.*``, ``decode_head.*`` (also of a cascade, with
            numbers) and ``auxiliary_head.*``. Statistics of the images and computed
            tables are left out.

    Returns:
        The same names.

    Raises:
        CheckpointError: There are other names too.
    """
    return rename(leave_out(state, LEFT_OUT), OWN, "mmseg's segmentor")
