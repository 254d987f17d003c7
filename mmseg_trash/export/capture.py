"""A model as a program of ``torch.export``, as ONNX, and as a file."""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from ..errors import CheckpointError
from ..fileio import atomic_write
from .card import KEY, Card

LEVELS = ('size', 'batch', 'none')
"""What may change after the export, from most to least."""
MULTIPLE = 32
OPSET = 20
MOST = 64
"""The largest batch, and the largest side in units of `MULTIPLE`."""


def capture(graph: nn.Module, height: int, width: int, level: str) -> Any:
    """Trace a graph without running its Python again.

    Args:
        graph: See :class:`ProbabilityGraph`.
        height: Of the images, in pixels.
        width: Likewise.
        level: One of `LEVELS`.

    Returns:
        A ``torch.export.ExportedProgram``.

    Raises:
        CheckpointError: The model cannot be traced so; the message says why.
    """
    from torch.export import Dim

    batch = 1 if level == 'none' else 2
    image = torch.zeros(batch, 3, height, width, dtype=torch.uint8)
    dynamic: dict[int, Any] = {}
    if level != 'none':
        dynamic[0] = Dim('batch', min=1, max=MOST)
    if level == 'size':
        # Both would be one symbol if they were equal.
        image = torch.zeros(batch, 3, height, width + MULTIPLE, dtype=torch.uint8)
        dynamic[2] = MULTIPLE * Dim('rows', min=1, max=MOST)
        dynamic[3] = MULTIPLE * Dim('columns', min=1, max=MOST)
    with torch.no_grad(), _plain_attention(), _hushed():
        graph(image)  # whatever draws constants on its first call does so now
        try:
            return torch.export.export(
                graph,
                (image,),
                dynamic_shapes=dict(image=dynamic) if dynamic else None,
                strict=False,
            )
        except Exception as error:
            raise CheckpointError(f'torch.export: {reason(error)}') from error


def write_program(path: str | os.PathLike[str], program: Any, card: Card) -> None:
    """Write a captured program as ``.pt2``, with its card."""
    with atomic_write(path) as temporary:
        torch.export.save(program, temporary, extra_files={KEY: card.dumps()})


def write_onnx(path: str | os.PathLike[str], program: Any, card: Card) -> None:
    """Translate a captured program to ONNX and write it, with its card.

    Args:
        path: The file.
        program: What :func:`capture` gave.
        card: Its description.

    Raises:
        ImportError: ``onnx`` or ``onnxscript`` is not installed.
        CheckpointError: ONNX has no operator for something in it.
    """
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "ONNX needs onnxscript: pip install 'mmseg_trash[export]'"
        ) from error
    with torch.no_grad(), _hushed():
        try:
            found = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=['image'],
                output_names=['probs'],
                verbose=False,
            )
        except Exception as error:
            raise CheckpointError(f'torch.onnx: {reason(error)}') from error
    assert found is not None
    found.model.metadata_props[KEY] = card.dumps()
    with atomic_write(path) as temporary:
        found.save(str(temporary), external_data=False)


def reason(error: BaseException) -> str:
    """Return the line of an exporter's error that says what is wrong."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip(' -') for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if 'marked' in line or 'Unsupported' in line]
    return f'{type(error).__name__}: {(told or lines or [""])[0][:200]}'


@contextlib.contextmanager
def _plain_attention() -> Iterator[None]:
    """Keep PyTorch's fused encoder layer, which no exporter knows, out of the graph."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Leave out what the exporters say of themselves."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(level)
