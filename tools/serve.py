"""Serve a model over HTTP: python tools/serve.py CONFIG CHECKPOINT

In place of both: an exported file (.onnx, .pt2), an ensemble's recipe (.yml), or
nothing for the model that ships.
    curl --data-binary @photo.jpg 'http://127.0.0.1:8000/segment?output=areas'
"""

import argparse

from mmengine.config import DictAction

from mmseg_trash import cli
from mmseg_trash.named_model import use_shipped
from mmseg_trash.shipped import NAME


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('model', nargs='?', help='config, exported file or recipe')
    parser.add_argument('checkpoint', nargs='?', help='the weights of a config')
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 answers the net')
    parser.add_argument('--port', type=int, default=8000)
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument('--threads', type=int, help='of the computation on a CPU')
    parser.add_argument('--places', type=int, default=16, help='requests at a time')
    parser.add_argument('--timeout', type=float, default=60, help='seconds')
    parser.add_argument('--max-mb', type=float, default=20, help='of an upload')
    parser.add_argument('--max-megapixels', type=float, default=40, help='of an image')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    args = parser.parse_intermixed_args(argv)
    args.name = args.model
    if args.model is None:
        args.model, args.checkpoint = use_shipped()
        args.name = NAME
    return args


def main(argv: list[str] | None = None) -> None:
    """Load the model and serve it."""
    args = parse_args(argv)
    import torch

    from mmseg_trash.errors import ConfigError
    from mmseg_trash.inference.segmenter import open_segmenter
    from mmseg_trash.launch import quiet
    from mmseg_trash.serving.limits import Limits
    from mmseg_trash.serving.run import serve

    quiet()
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        limits = Limits(
            upload=int(args.max_mb * 1e6),
            pixels=int(args.max_megapixels * 1e6),
            seconds=args.timeout,
            places=args.places,
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    segmenter = open_segmenter(
        args.model,
        args.checkpoint,
        args.device,
        args.tta,
        args.trust_checkpoint,
        args.cfg_options,
        args.threads,
    )
    serve(segmenter, limits, args.host, args.port, args.name)


if __name__ == '__main__':
    cli.run(main)
