"""Exchange the blocks of a network that is already built."""

from torch import nn


def adopt(network: nn.Module, old: type[nn.Module], new: type[nn.Module]) -> int:
    """Turn every ``old`` block inside a network into its subclass ``new``, in place.

    The blocks stay the objects they were: parameters, state-dict keys and the state of
    the random generator are those of the stock network, which building the blocks a
    second time would change.

    Args:
        network: The network to search.
        old: The exact type to replace.
        new: A subclass of ``old`` that adds no attributes.

    Returns:
        The number of blocks that were turned.

    Raises:
        TypeError: ``new`` is no subclass of ``old``.
        ValueError: The network holds no ``old`` block (upstream has changed).
    """
    if not issubclass(new, old):
        raise TypeError(f'{new.__name__} is no subclass of {old.__name__}')
    found = [block for block in network.modules() if type(block) is old]
    if not found:
        raise ValueError(f'{type(network).__name__} holds no {old.__name__}')
    for block in found:
        block.__class__ = new
    return len(found)
