"""Read checkpoints with clear errors, and load them into a config's model."""

import contextlib
import os
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from .config import build_model, num_classes
from .errors import CheckpointError, ConfigError
from .model_classes import class_names
from .tensors import SUFFIX, read_tensors

_SHOWN = 5
# Before torch 2.5 there is no list of safe types either.
_safe_globals = getattr(torch.serialization, 'safe_globals', contextlib.nullcontext)


def read_checkpoint(
    path: str | os.PathLike[str], trusted: bool = False
) -> dict[str, Any]:
    """Read a checkpoint file onto the CPU without running code that it may hold.

    Args:
        path: A ``.pth`` file as mmengine or ``torch.save`` writes it, or one of
            ``tools/export.py`` that ends in ``.safetensors``.
        trusted: Allow arbitrary pickled objects. Only for files of known origin.

    Returns:
        The checkpoint as a dict with the key ``state_dict``.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The file is no checkpoint, is cut off, or holds other things
            than tensors and mmengine's bookkeeping while ``trusted`` is False.
    """
    from mmengine.runner import checkpoint as mmengine_checkpoint

    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f'{file}: no such checkpoint')
    if not file.is_file():
        raise CheckpointError(f'{file}: expected a checkpoint file, found a folder')
    if file.suffix == SUFFIX:
        return read_tensors(file)
    # The original mmengine knows no list of safe types; its files then need `trusted`.
    allowed: list[Any] = getattr(mmengine_checkpoint, 'get_torch_safe_globals', list)()
    # mmengine forgets the types of some arrays that its own message hub holds.
    allowed = [*allowed, *(type(np.dtype(t)) for t in ('f4', 'i4', 'u8', '?'))]
    try:
        with _safe_globals(allowed):
            content = torch.load(file, map_location='cpu', weights_only=not trusted)
    except pickle.UnpicklingError as error:
        if zipfile.is_zipfile(file):
            raise CheckpointError(
                f'{file}: holds more than tensors, which could run code when read '
                f'({str(error).splitlines()[0]}); pass --trust-checkpoint if you know '
                'where it comes from'
            ) from error
        raise CheckpointError(f'{file}: is no PyTorch checkpoint') from error
    except Exception as error:
        raise CheckpointError(f'{file}: is no readable checkpoint: {error}') from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise CheckpointError(
            f'{file}: expected a dict with state_dict, found a {kind}'
        )
    state = content.get('state_dict', content.get('model', content))
    if not isinstance(state, dict) or not state:
        raise CheckpointError(f'{file}: has no state_dict')
    if not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise CheckpointError(f'{file}: its state_dict holds other things than tensors')
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    return (
        {**content, 'state_dict': state}
        if 'state_dict' in content
        else dict(state_dict=state)
    )


def _classes_of(state: dict[str, torch.Tensor]) -> int | None:
    """Return how many classes the last layer of a decode head predicts."""
    for key, value in state.items():
        if key.startswith('decode_head') and key.endswith('conv_seg.weight'):
            return int(value.shape[0])
    return None


def load_weights(
    model: nn.Module,
    state: dict[str, torch.Tensor],
    file: str,
    classes: int,
    names: Sequence[str] = (),
) -> None:
    """Load a state dict into a model, every tensor of it and nothing missing.

    Args:
        model: The model.
        state: The tensors.
        file: Where they are from, for the message.
        classes: Number of the model's classes.
        names: The classes of the file, for the message, see :func:`class_names`.

    Raises:
        CheckpointError: Another class count, other shapes, missing or unknown keys, or
            weights that are not finite; the message shows the first of them.
    """
    found = _classes_of(state)
    if found is not None and found != classes:
        told = f' ({", ".join(names)})' if len(names) == found else ''
        raise CheckpointError(
            f'{file}: was trained for {found} classes{told}, but the config has '
            f'{classes}'
        )
    own = model.state_dict()
    problems = [
        f'{key}: {tuple(state[key].shape)} in the file, {tuple(own[key].shape)} here'
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    problems += [f'{key}: missing in the file' for key in own if key not in state]
    problems += [f'{key}: unknown to the model' for key in state if key not in own]
    if problems:
        raise CheckpointError(f'{file}: does not fit the config: {_first(problems)}')
    broken = [key for key in own if not state[key].isfinite().all()]
    # a mask of -inf that the model makes itself is no fault
    broken = [key for key in broken if own[key].is_meta or own[key].isfinite().all()]
    if broken:
        raise CheckpointError(f'{file}: holds NaN or infinity: {_first(broken)}')
    model.load_state_dict(state)


def _first(problems: Sequence[str]) -> str:
    rest = len(problems) - _SHOWN
    return '; '.join(problems[:_SHOWN]) + (f' and {rest} more' if rest > 0 else '')


def default_device() -> str:
    """Return ``'cuda'`` when there is a GPU, else ``'cpu'``."""
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def usable_device(name: str) -> str:
    """Return a torch device that can be used.

    Args:
        name: A torch device; ``'auto'`` takes the GPU if there is one.

    Raises:
        ConfigError: There is no such device.
    """
    found = default_device() if name == 'auto' else name
    try:
        torch.zeros(1, device=found)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f'device {name!r} cannot be used: {reason}') from error
    return found


def load_model(
    cfg: Config,
    checkpoint: str | os.PathLike[str],
    device: str = 'auto',
    trusted: bool = False,
) -> nn.Module:
    """Build a config's model with the weights of a checkpoint, ready to predict.

    Args:
        cfg: A config as :func:`mmseg_trash.config.load_config` gives it.
        checkpoint: The file.
        device: A torch device; ``'auto'`` takes the GPU if there is one.
        trusted: See :func:`read_checkpoint`.

    Returns:
        The model in evaluation mode, with ``dataset_meta`` set when the file has it.

    Raises:
        FileNotFoundError, CheckpointError: See :func:`read_checkpoint` and
            :func:`load_weights`.
        ConfigError: There is no such device.
    """
    content = read_checkpoint(checkpoint, trusted=trusted)
    model = build_model(cfg)
    load_weights(
        model,
        content['state_dict'],
        str(checkpoint),
        num_classes(cfg),
        class_names(content),
    )
    meta = content.get('meta') or {}
    if 'dataset_meta' in meta:
        model.dataset_meta = meta['dataset_meta']
    model.to(usable_device(device))
    model.eval()
    return model
