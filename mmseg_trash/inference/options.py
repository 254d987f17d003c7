"""Options that the tools share which run a model over images."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError
from ..postprocess.order import PostProcess
from ..postprocess.section import read_yaml
from .views import MEANS, SETS, ViewSet


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what :class:`~.predictor.Predictor` is told on a command line."""
    parser.add_argument('--tta', action='store_true', help="the config's views")
    parser.add_argument(
        '--views',
        nargs='+',
        metavar='VIEW',
        help='views to average: plain, hflip, vflip, rot90, rot180, rot270, scale0.75 '
        f'…, joined by +; or sets: {", ".join(SETS)}',
    )
    parser.add_argument(
        '--view-weights', nargs='+', type=float, metavar='W', help='one for each view'
    )
    parser.add_argument('--view-mean', choices=MEANS, default='probs')
    parser.add_argument(
        '--window', type=int, help='images in their own size, in windows of this side'
    )
    parser.add_argument(
        '--overlap', type=float, default=0.5, help='of windows, 0 to below 1'
    )
    parser.add_argument(
        '--half-accumulators', action='store_true', help='sums over windows in float16'
    )
    parser.add_argument(
        '--dtype', choices=('float32', 'bf16', 'fp16'), default='float32'
    )
    parser.add_argument('--compile', action='store_true', help='torch.compile')
    add_machine_options(parser)
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """Add device, threads, batch size and workers, see :func:`machine_options`."""
    parser.add_argument('--batch-size', type=int, help='default 8 on a GPU, else 1')
    parser.add_argument(
        '--threads', type=int, help='of a CPU; the last bits depend on their number'
    )
    parser.add_argument('--num-workers', type=int, help='processes that load images')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')


def machine_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return batch size and workers for ``Predictor``; let torch use the threads.

    Raises:
        ConfigError: One of them is out of range.
    """
    for name, least in (('batch_size', 1), ('num_workers', 0), ('threads', 1)):
        value = getattr(args, name)
        if value is not None and value < least:
            option = name.replace('_', '-')
            raise ConfigError(f'--{option}: must be at least {least}, got {value}')
    if args.threads:
        torch.set_num_threads(args.threads)
    return dict(batch_size=args.batch_size, num_workers=args.num_workers)


def views_of(args: argparse.Namespace) -> ViewSet | bool:
    """Return the views that a command line names.

    Raises:
        ConfigError: They are wrong, or ``--tta`` stands beside ``--views``.
    """
    if args.views is None:
        if args.view_weights:
            raise ConfigError('--view-weights: goes with --views')
        return bool(args.tta)
    if args.tta:
        raise ConfigError('--tta: takes the views of the config, --views others')
    return ViewSet.from_names(args.views, args.view_weights or (), args.view_mean)


def predictor_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return a ``Predictor``'s arguments, all but config, checkpoint and device.

    Raises:
        ConfigError: The views are wrong, the windows, or a number.
    """
    if args.window is not None and args.window < 1:
        raise ConfigError(f'--window: must be at least 1, got {args.window}')
    if not 0 <= args.overlap < 1:
        raise ConfigError(f'--overlap: must lie in [0, 1), got {args.overlap}')
    return dict(
        tta=views_of(args),
        **machine_options(args),
        trusted=args.trust_checkpoint,
        dtype=args.dtype,
        window=args.window,
        overlap=args.overlap,
        half_accumulators=args.half_accumulators,
        compile=args.compile,
    )


def describe(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a predictor's options changes its probabilities, as JSON."""
    views = options['tta']
    kept = {k: options[k] for k in ('dtype', 'window', 'overlap', 'half_accumulators')}
    if options['window'] is None:
        kept = dict(dtype=options['dtype'])
    return dict(tta=views if isinstance(views, bool) else views.describe(), **kept)


def read_postprocess(
    path: str | None, classes: list[str] | tuple[str, ...]
) -> tuple[PostProcess, dict[str, Any]]:
    """Read the section ``postprocess:`` of a YAML file (a recipe's, say).

    Args:
        path: The file; None leaves everything out.
        classes: Names of the classes.

    Returns:
        The steps, which keep the label map's size, and the section.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It is no YAML, or has a wrong section or none.
    """
    if path is None:
        return PostProcess(), {}
    file = Path(path)
    content = read_yaml(file)
    if not isinstance(content, dict) or 'postprocess' not in content:
        raise ConfigError(f'{file}: expected a section postprocess:')
    section = content['postprocess'] or {}
    try:
        post = PostProcess.from_dict(section, classes)
    except ConfigError as error:
        raise ConfigError(f'{file}: {error}') from error
    return replace(post, size=None), section
