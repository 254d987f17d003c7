"""Which model a command line names: a config and a checkpoint, or the shipped one."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import ConfigError
from .inference.inputs import SUFFIXES
from .shipped import default_model

_CONFIGS = ('.py', '.json', '.yaml', '.yml')
_CHECKPOINTS = ('.pth', '.pt', '.ckpt', '.safetensors')


def add_model(parser: argparse.ArgumentParser, inputs: str = '') -> None:
    """Add the arguments CONFIG and CHECKPOINT, which may be left out together.

    Args:
        parser: Its line is to be read by :func:`parse`.
        inputs: What the inputs behind them are; empty takes none.
    """
    parser.add_argument(
        'config', nargs='?', help='without both, the model that ships is used'
    )
    parser.add_argument('checkpoint', nargs='?')
    if inputs:
        parser.add_argument('inputs', nargs='*', metavar='INPUT', help=inputs)


def parse(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None
) -> argparse.Namespace:
    """Read a command line of a tool that takes a model.

    Args:
        parser: One that :func:`add_model` was told.
        argv: The words; None takes the process's.

    Returns:
        The arguments; ``config`` and ``checkpoint`` are those named, else the shipped
        model's, which one line on standard error then says.

    Raises:
        ConfigError: A config stands without checkpoint or the other way round.
        CheckpointError: The shipped model is wanted and not there.
    """
    args = parser.parse_intermixed_args(argv)
    takes_inputs = hasattr(args, 'inputs')
    words = [args.config, args.checkpoint, *getattr(args, 'inputs', ())]
    words = [word for word in words if word is not None]
    if takes_inputs and not words:
        parser.error('the following arguments are required: INPUT')
    named, rest = split_model(words, takes_inputs)
    args.config, args.checkpoint = named or use_shipped()
    if takes_inputs:
        args.inputs = rest
    return args


def split_model(
    words: Sequence[str], takes_inputs: bool = False
) -> tuple[tuple[str, str] | None, list[str]]:
    """Tell a config and its checkpoint from inputs.

    The first two words are config and checkpoint where a tool takes nothing else. With
    inputs behind them they are so if the first is named like a config (``.py``) or the
    second like a checkpoint (``.pth``, ``.safetensors``, ...), be they there or not; of
    a ``.json`` or YAML that is first of three, too, since a COCO JSON stands alone.
    Folders are never of these, whatever their name. All else are inputs.

    Args:
        words: The words of the command line that belong to no option.
        takes_inputs: Whether inputs are expected.

    Returns:
        Config and checkpoint, None where the words name none, and the inputs.

    Raises:
        ConfigError: One of the two stands without the other, or without inputs.
    """
    if not words:
        return None, []
    first, second = words[0], words[1] if len(words) > 1 else ''
    if not takes_inputs:
        if second:
            return (first, second), []
        raise ConfigError(_alone(first))
    photographs = Path(second).is_dir() or _like(second, [*SUFFIXES])
    if _like(second, _CHECKPOINTS):
        if Path(first).is_dir():
            raise ConfigError(_alone(second))
        if len(words) == 2:
            raise ConfigError(f'{second}: expected images behind the checkpoint')
        return (first, second), list(words[2:])
    if _like(first, ('.py',)) and (len(words) < 3 or photographs):
        raise ConfigError(_alone(first) + (f', found {second}' if second else ''))
    if len(words) > 2 and _like(first, _CONFIGS) and not photographs:
        return (first, second), list(words[2:])
    if _like(first, _CHECKPOINTS):
        raise ConfigError(_alone(first))
    return None, list(words)


def use_shipped() -> tuple[str, str]:
    """Return config and weights of the shipped model; say so on standard error.

    Of several processes the first says it.

    Raises:
        CheckpointError: See :func:`mmseg_trash.shipped.shipped_model`.
    """
    model = default_model()
    if os.environ.get('RANK', '0') == '0':
        sys.stderr.write(model.notice + '\n')
    return str(model.config), str(model.weights)


def _like(word: str, suffixes: Sequence[str]) -> bool:
    """Return whether a word is named like one of some files, and is no folder."""
    return Path(word).suffix.lower() in suffixes and not Path(word).is_dir()


def _alone(word: str) -> str:
    """Return what is wrong about one of the two without the other."""
    if _like(word, _CHECKPOINTS):
        text = 'a checkpoint needs its config before it'
    else:
        text = 'a config needs a checkpoint behind it'
    return f'{word}: {text} (leave out both for the model that ships)'
