"""Export a model: python tools/export.py CONFIG CHECKPOINT --out model.onnx

The suffix says what is written: .safetensors or .pth (weights alone), .onnx, or .pt2
(torch.export). The last two take RGB bytes, N x 3 x H x W, and give probabilities, N x
C x H x W; each is compared with the model before it appears under its name.
"""

import argparse

from mmengine.config import DictAction

from mmseg_trash import cli, named_model

LEVELS = ('auto', 'size', 'batch', 'none')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    named_model.add_model(parser)
    parser.add_argument('--out', nargs='+', required=True, help='the files to write')
    parser.add_argument(
        '--average', help='take this average of the checkpoint: ema, swa'
    )
    parser.add_argument('--size', type=int, nargs=2, metavar=('H', 'W'))
    parser.add_argument(
        '--dynamic', choices=LEVELS, default='auto', help='what may change afterwards'
    )
    parser.add_argument('--tolerance', type=float, default=1e-3)
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return named_model.parse(parser, argv)


def main(argv: list[str] | None = None) -> None:
    """Export to each file, the weights first."""
    args = parse_args(argv)
    from pathlib import Path

    from mmseg_trash.config import load_config
    from mmseg_trash.errors import CheckpointError
    from mmseg_trash.export import runtime, weights
    from mmseg_trash.export.write import Exporter
    from mmseg_trash.inference.submission import check_target
    from mmseg_trash.launch import quiet

    quiet()
    known = (*weights.SUFFIXES, *runtime.SUFFIXES)
    for name in args.out:
        if Path(name).suffix not in known:
            raise CheckpointError(f'{name}: expected a name that ends in {known}')
        check_target(name)
    cfg = load_config(args.config, args.cfg_options, from_scratch=True)
    exporter = Exporter(cfg, args.checkpoint, args.average, args.trust_checkpoint)
    size = tuple(args.size) if args.size else None
    for name in sorted(args.out, key=lambda n: Path(n).suffix in runtime.SUFFIXES):
        if Path(name).suffix in weights.SUFFIXES:
            done, told = exporter.weights(name), 'weights alone'
        else:
            done = exporter.graph(name, size, args.dynamic, args.tolerance)
            told = (
                f'dynamic {done.dynamic}, probabilities differ by {done.difference:.1e}'
            )
        print(f'{name}: {Path(name).stat().st_size / 1e6:.1f} MB, {told}')


if __name__ == '__main__':
    cli.run(main)
