"""Predict images: python tools/predict.py [CONFIG CHECKPOINT] INPUT ... --out FOLDER

INPUT is a COCO JSON, a folder, a pattern, single images, or one video. Label maps are
PNGs with the palette. Call it again after an interruption: finished images are not
predicted again. Several processes share the images: torchrun --nproc-per-node 2
tools/predict.py ... Status 1 tells that an image could not be predicted.
"""

import argparse
import sys

from mmengine.config import DictAction

from mmseg_trash import cli, named_model

KINDS = ('labels', 'overlays', 'probs', 'coco', 'submission')


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from mmseg_trash.inference.options import add_options

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    named_model.add_model(parser, 'JSON, folder, pattern, image or video')
    parser.add_argument('--out', required=True, help='folder of what is written')
    parser.add_argument(
        '--save', nargs='+', choices=KINDS, default=['labels'], help='default: labels'
    )
    parser.add_argument(
        '--store', choices=('uint8', 'float16'), default='uint8', help='of the probs'
    )
    parser.add_argument('--data-root', help="folder of a JSON's images")
    parser.add_argument('--postprocess', help='YAML with a section postprocess:')
    add_options(parser)
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Predict what is not there yet."""
    args = named_model.parse(parser(), argv)
    from mmseg_trash.inference.predict_job import predict
    from mmseg_trash.inference.shards import Shards
    from mmseg_trash.launch import quiet

    quiet()
    shards = Shards()
    line, failures = predict(args, shards)
    if line:
        print(line)
    for name, reason in failures.items():
        sys.stderr.write(f'{name}: {reason}\n')
    if failures:
        sys.stderr.write(f'{len(failures)} images have faults, see above\n')
    shards.close()
    return 1 if failures else 0


if __name__ == '__main__':
    cli.run(main)
