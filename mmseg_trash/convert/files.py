"""Reading published weights: PyTorch's files, detectron2's pickles, safetensors."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..checkpoint import read_checkpoint
from ..errors import CheckpointError
from ..tensors import whole
from .common import State

# What a pickled dict of arrays consists of; numpy 2 has moved its core.
_ALLOWED = {
    ('numpy', 'dtype'),
    ('numpy', 'ndarray'),
    ('collections', 'OrderedDict'),
    ('_codecs', 'encode'),
    *((f'numpy.{c}.multiarray', '_reconstruct') for c in ('core', '_core')),
    *((f'numpy.{c}.multiarray', 'scalar') for c in ('core', '_core')),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickle arrays and plain containers only, so that no code of the file runs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f'{module}.{name} is no array')
        return super().find_class(module, name)


def _read_pickle(file: Path, trusted: bool) -> State:
    data = io.BytesIO(file.read_bytes())
    try:
        # detectron2's older files were written by Python 2.
        reader = pickle.Unpickler if trusted else _ArrayUnpickler
        content = reader(data, encoding='latin1').load()
    except Exception as error:
        raise CheckpointError(f'{file}: is no pickle of arrays: {error}') from error
    content = content.get('model', content) if isinstance(content, dict) else None
    if not content or not all(
        isinstance(v, (np.ndarray, torch.Tensor)) for v in content.values()
    ):
        raise CheckpointError(f'{file}: holds no dict of arrays, nor one under "model"')
    return {str(k): torch.as_tensor(v) for k, v in content.items()}


def _read_safetensors(file: Path) -> State:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise CheckpointError(
            f'{file}: reading it needs safetensors: pip install "mmseg_trash[optional]"'
        ) from error
    try:
        return {key: whole(value) for key, value in load_file(file).items()}
    except Exception as error:
        raise CheckpointError(f'{file}: is no safetensors file: {error}') from error


def read_weights(path: str | os.PathLike[str], trusted: bool = False) -> State:
    """Read the weights of a published file onto the CPU, without running its code.

    Args:
        path: ``.pkl`` of detectron2, ``.safetensors``, or anything that
            :func:`mmseg_trash.checkpoint.read_checkpoint` reads.
        trusted: Allow arbitrary pickled objects. Only for files of known origin.

    Returns:
        The tensors under the file's own names.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The file is no such checkpoint.
    """
    file = Path(path)
    if file.is_file() and file.suffix == '.pkl':
        return _read_pickle(file, trusted)
    if file.is_file() and file.suffix == '.safetensors':
        return _read_safetensors(file)
    state: State = read_checkpoint(file, trusted=trusted)['state_dict']
    return state
