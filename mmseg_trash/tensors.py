"""Files of the ``safetensors`` format: tensors and words, no code."""

import json
import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .errors import CheckpointError
from .fileio import atomic_write

SUFFIX = '.safetensors'
HALF = (torch.float16, torch.bfloat16)
_META = 'meta'


def _library() -> tuple[ModuleType, ModuleType]:
    try:
        import safetensors
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            f"{SUFFIX} needs safetensors: pip install 'mmseg_trash[optional]'"
        ) from error
    return safetensors, safetensors.torch


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor of half precision as float32, any other as it is."""
    return tensor.float() if tensor.dtype in HALF else tensor


def read_tensors(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file.

    Args:
        path: The file.

    Returns:
        ``state_dict``, and ``meta`` as :func:`write_tensors` took it, else empty. Half
        precision is a way of storing: such tensors come as float32.

    Raises:
        ImportError: ``safetensors`` is not installed.
        CheckpointError: The file is damaged or something else.
    """
    library, _ = _library()
    try:
        with library.safe_open(os.fspath(path), framework='pt') as file:
            words = file.metadata() or {}
            state = {key: whole(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
        meta = json.loads(words.get(_META, '{}'))
    except (library.SafetensorError, ValueError) as error:
        raise CheckpointError(f'{path}: is no readable checkpoint: {error}') from error
    return dict(state_dict=state, meta=meta)


def write_tensors(
    path: str | os.PathLike[str], state: Mapping[str, Tensor], meta: Mapping[str, Any]
) -> None:
    """Write a file.

    Args:
        path: The file.
        state: Tensors that share no memory.
        meta: JSON values.

    Raises:
        ImportError: ``safetensors`` is not installed.
    """
    _, library = _library()
    content = {key: value.contiguous() for key, value in state.items()}
    with atomic_write(path) as temporary:
        library.save_file(content, temporary, {_META: json.dumps(meta), 'format': 'pt'})
