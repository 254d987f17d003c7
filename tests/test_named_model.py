"""Config and checkpoint, or inputs alone: told apart, however they are named."""

import argparse
from pathlib import Path

import pytest

from mmseg_trash.errors import CheckpointError, ConfigError
from mmseg_trash.named_model import add_model, parse, split_model


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with files whose names could be anything."""
    monkeypatch.chdir(tmp_path)
    for name in ('photos', 'config_photos.py', 'photos.pth', 'photos.json'):
        Path(name).mkdir()
    for name in ('c.py', 'c.json', 'w.pth', 'weights', 'a.jpg', 'b.jpg'):
        Path(name).touch()
    return tmp_path


@pytest.mark.parametrize(
    'words, inputs',
    [
        ('c.py w.pth photos', 'photos'),
        ('c.py w.pth a.jpg b.jpg', 'a.jpg b.jpg'),
        ('c.py weights photos', 'photos'),
        ('none.py none.pth photos', 'photos'),
        ('none.py none photos', 'photos'),
        ('c.json w.pth photos', 'photos'),
        ('c.json weights photos', 'photos'),
        ('c w.safetensors photos', 'photos'),
        ('c.py w.pth config_photos.py', 'config_photos.py'),
    ],
)
def test_a_named_model(words: str, inputs: str) -> None:
    first, second, *_ = words.split()
    assert split_model(words.split(), True) == ((first, second), inputs.split())


@pytest.mark.parametrize(
    'words',
    [
        'photos',
        'a.jpg b.jpg',
        'a.jpg b.jpg photos',
        'photos/*.jpg',
        'test.json',
        'c.json photos a.jpg',
        'clip.mp4',
        'config_photos.py',
        'config_photos.py photos',
        'config_photos.py photos a.jpg',
        'photos.pth',
        'photos.pth photos.json a.jpg',
        'photos photos.pth photos',
    ],
)
def test_inputs_alone(words: str) -> None:
    assert split_model(words.split(), True) == (None, words.split())


@pytest.mark.parametrize(
    'words, message',
    [
        ('c.py', 'c.py: a config needs a checkpoint behind it'),
        ('none.py', 'none.py: a config needs a checkpoint'),
        ('c.py photos', 'c.py: a config needs a checkpoint.*found photos'),
        ('c.py photos a.jpg', 'c.py: a config needs a checkpoint.*found photos'),
        ('c.py a.jpg b.jpg', 'c.py: a config needs a checkpoint.*found a.jpg'),
        ('c.py photos.pth a.jpg', 'c.py: a config needs .*found photos.pth'),
        ('c.py w.pth', 'w.pth: expected images behind the checkpoint'),
        ('w.pth', 'w.pth: a checkpoint needs its config before it'),
        ('w.pth photos', 'w.pth: a checkpoint needs its config'),
        ('none.safetensors a.jpg b.jpg', 'none.safetensors: a checkpoint needs'),
        ('config_photos.py w.pth a.jpg', 'w.pth: a checkpoint needs its config'),
    ],
)
def test_one_without_the_other(words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        split_model(words.split(), True)
    assert '\n' not in str(error.value)


def test_tools_without_inputs() -> None:
    assert split_model([]) == (None, [])
    assert split_model(['any', 'thing']) == (('any', 'thing'), [])
    with pytest.raises(ConfigError, match=r'c\.py: a config needs a checkpoint'):
        split_model(['c.py'])
    with pytest.raises(ConfigError, match=r'w\.pth: a checkpoint needs its config'):
        split_model(['w.pth'])


def test_words_may_stand_between_options(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_model(parser, 'images')
    parser.add_argument('--out', required=True)
    parser.add_argument('--save', nargs='+')
    args = parse(parser, ['c.py', '--out', 'x', 'w.pth', 'a.jpg', '--save', 'p', 'q'])
    assert (args.config, args.checkpoint, args.inputs) == ('c.py', 'w.pth', ['a.jpg'])
    assert args.save == ['p', 'q']
    with pytest.raises(SystemExit):
        parse(parser, ['--out', 'x'])
    assert 'required: INPUT' in capsys.readouterr().err
    monkeypatch.setattr('mmseg_trash.shipped.FOLDER', folder)
    with pytest.raises(CheckpointError, match='is missing.*name a config and a check'):
        parse(parser, ['a.jpg', '--out', 'x'])
