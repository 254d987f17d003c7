"""Tables and patches of vision transformers at other sizes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import CheckpointError
from .common import State, first, leave_out

TABLE = 'embeddings.position_embeddings'
PATCHES = 'embeddings.patch_embeddings.projection.weight'


def resize_positions(table: Tensor, tokens: int) -> Tensor:
    """Interpolate a table of positions for another square grid of patches.

    Args:
        table: (1, 1 + s * s, C): the class token's, then the patches', row-major.
        tokens: The number of rows wanted, 1 + t * t.

    Returns:
        (1, tokens, C), by antialiased bicubic interpolation.

    Raises:
        CheckpointError: One of the grids is no square.
    """
    old, new = (round((n - 1) ** 0.5) for n in (table.shape[1], tokens))
    if old * old + 1 != table.shape[1] or new * new + 1 != tokens:
        raise CheckpointError(
            f'a table of {table.shape[1]} positions cannot become one of {tokens}'
        )
    if old == new:
        return table
    grid = table[:, 1:].float().transpose(1, 2).unflatten(-1, (old, old))
    grid = F.interpolate(grid, (new, new), mode='bicubic', antialias=True)
    inner = grid.flatten(2).transpose(1, 2).to(table.dtype)
    return torch.cat([table[:, :1], inner], 1).contiguous()


def resize_patches(weight: Tensor, side: int) -> Tensor:
    """Resample the filters of a patch embedding for patches of another side.

    By the pseudo-inverse of the resizing (Beyer et al. 2023, arXiv:2212.08013, section
    3.2), so that an enlarged patch gives the product that the patch gave.

    Args:
        weight: (C, 3, p, p).
        side: The side wanted.

    Returns:
        (C, 3, side, side).
    """
    old = weight.shape[-1]
    if old == side:
        return weight
    basis = torch.eye(old * old).view(old * old, 1, old, old)
    resizing = F.interpolate(basis, (side, side), mode='bicubic', antialias=True)
    inverse = torch.linalg.pinv(resizing.flatten(1))
    flat = weight.float().flatten(2) @ inverse.T
    return flat.unflatten(-1, (side, side)).to(weight.dtype).contiguous()


def resized(key: str, value: Tensor, like: Tensor) -> Tensor | None:
    """Return a table or filters in a model's size, None for all other tensors.

    Args:
        key: Name of the tensor, with any prefix.
        value: The tensor.
        like: The model's tensor.
    """
    if key.endswith(TABLE) and value.shape[2:] == like.shape[2:]:
        return resize_positions(value, like.shape[1])
    if key.endswith(PATCHES) and value.shape[:2] == like.shape[:2]:
        return resize_patches(value, like.shape[-1])
    return None


def fitted(state: State, own: State, source: str) -> State:
    """Fit all tensors of a backbone, resizing tables and patches.

    Args:
        state: Converted tensors.
        own: The model's; a last norm that it does not have is left out.
        source: Name of the file, for the message.

    Raises:
        CheckpointError: Missing or unknown tensors, or other shapes.
    """
    if 'norm.weight' not in own:
        state = leave_out(state, (r'norm\.\w+',))
    result: State = {}
    problems = [f'{key}: missing in the file' for key in own if key not in state]
    for key, value in state.items():
        if key not in own:
            problems.append(f'{key}: unknown to the model')
            continue
        new = value if value.shape == own[key].shape else resized(key, value, own[key])
        if new is None:
            shapes = f'{tuple(value.shape)} in the file, {tuple(own[key].shape)} here'
            problems.append(f'{key}: {shapes}')
        else:
            result[key] = new
    if problems:
        raise CheckpointError(f'{source}: does not fit the backbone: {first(problems)}')
    return result
