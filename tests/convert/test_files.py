"""Published files: detectron2's pickles and safetensors."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg_trash.convert.files import read_weights
from mmseg_trash.errors import CheckpointError

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize('wrap', [True, False])
def test_pickled_arrays(tmp_path: Path, wrap: bool) -> None:
    content = {'a.weight': ARRAY, 'b': np.float32([1])}
    content = {'model': content, '__author__': 'x'} if wrap else content
    file = tmp_path / 'model.pkl'
    file.write_bytes(pickle.dumps(content))
    state = read_weights(file)
    assert list(state) == ['a.weight', 'b']
    assert torch.equal(state['a.weight'], torch.from_numpy(ARRAY))


class Evil:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ('evil',)


def test_code_in_a_pickle_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / 'model.pkl'
    file.write_bytes(pickle.dumps({'model': {'a': ARRAY}, 'x': Evil()}))
    with pytest.raises(CheckpointError, match='mkdir is no array'):
        read_weights(file)
    assert not Path('evil').exists()
    assert list(read_weights(file, trusted=True)) == ['a']
    assert Path('evil').exists()


def test_safetensors(tmp_path: Path) -> None:
    save = pytest.importorskip('safetensors.torch').save_file
    save({'a': torch.from_numpy(ARRAY)}, tmp_path / 'model.safetensors')
    state = read_weights(tmp_path / 'model.safetensors')
    assert torch.equal(state['a'], torch.from_numpy(ARRAY))


def test_pytorch_file(tmp_path: Path) -> None:
    torch.save({'model': {'module.a': torch.ones(2)}}, tmp_path / 'model.pth')
    assert list(read_weights(tmp_path / 'model.pth')) == ['a']


@pytest.mark.parametrize('name, data, message', [
    ('x.pkl', b'abc', 'no pickle of arrays'),
    ('x.pkl', pickle.dumps([1]), 'holds no dict of arrays'),
    ('x.pkl', pickle.dumps({'a': 1}), 'holds no dict of arrays'),
    ('x.safetensors', b'abc', 'no safetensors file'),
    ('x.pth', b'abc', 'x.pth'),
])  # fmt: skip
def test_broken_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=message):
        read_weights(tmp_path / name)


@pytest.mark.parametrize('name', ['x.pkl', 'x.safetensors', 'x.pth'])
def test_missing_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=name):
        read_weights(tmp_path / name)
