"""Weights alone: a checkpoint without optimizer, message hub and pickled objects."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..fileio import atomic_write
from ..tensors import write_tensors

SUFFIXES = ('.safetensors', '.pth')


def pick_weights(
    content: Mapping[str, Any], file: str, average: str | None = None
) -> dict[str, Tensor]:
    """Take the trained or the averaged weights of a checkpoint.

    Args:
        content: What :func:`mmseg_trash.checkpoint.read_checkpoint` gives.
        file: The file, for errors.
        average: Prefix of an average (``ema``, ``swa``) that ``AveragedWeightsHook`` or
            mmengine's ``EMAHook`` keeps; None takes the ``state_dict``.

    Returns:
        The state dict of the network.

    Raises:
        CheckpointError: The checkpoint has no such average.
    """
    if average is None:
        return dict(content['state_dict'])
    key = f'{average}_state_dict'
    found = content.get(key)
    if not isinstance(found, Mapping):
        there = [k for k in content if k.endswith('_state_dict')]
        raise CheckpointError(
            f'{file}: has no {key}; there are {there or "no averages"}. The best '
            f'checkpoint of an average ({average}/mIoU) has it as its state_dict'
        )
    return {
        name.removeprefix('module.'): value
        for name, value in found.items()
        if name.startswith('module.')
    }


def write_weights(
    path: str | os.PathLike[str],
    state: Mapping[str, Tensor],
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    source: Mapping[str, Any],
) -> None:
    """Write tensors and a few words about them; read by ``weights_only=True``.

    Args:
        path: ``.safetensors``, or ``.pth`` for programs that know mmengine's files.
        state: The state dict.
        classes: Names of the classes.
        palette: RGB colour of each class.
        source: Further words: config, digest of the checkpoint, its training images.

    Raises:
        CheckpointError: The suffix is another one.
        ImportError: ``safetensors`` is not installed.
    """
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise CheckpointError(f'{path}: expected a name that ends in {SUFFIXES}')
    # Views of one storage become tensors of their own.
    tensors = {key: value.detach().cpu().clone() for key, value in state.items()}
    meta = dict(classes=list(classes), palette=[list(colour) for colour in palette])
    if suffix == '.pth':
        with atomic_write(path) as temporary:
            torch.save(
                dict(state_dict=tensors, meta=dict(dataset_meta=meta, **source)),
                temporary,
            )
        return
    write_tensors(path, tensors, dict(dataset_meta=meta, **source))
