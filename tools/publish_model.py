"""Make the model that ships: python tools/publish_model.py CONFIG CHECKPOINT

Writes NAME.safetensors (float16), NAME.py (a config that is complete in itself),
NAME.json (facts and checksum), README.md (its card) and LICENSE, reads them again, and
says how far the stored model is from the trained one.
"""

import argparse
import json
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli, shipped


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--name', default=shipped.NAME, help=f'default: {shipped.NAME}')
    parser.add_argument(
        '--out', default=str(shipped.FOLDER), help='folder of the files'
    )
    parser.add_argument(
        '--average', default='auto', help='ema, swa, none; default: the one there is'
    )
    parser.add_argument('--photo', help='compare on it; default: a drawn one')
    parser.add_argument('--licence', default='Apache-2.0', help='of the weights')
    parser.add_argument('--licence-file', default='LICENSE', help='its text')
    parser.add_argument('--data', help='what it was trained on, with its licence')
    parser.add_argument(
        '--scores', type=Path, help='JSON that tools/test.py --out wrote'
    )
    parser.add_argument('--temperature', type=float, help='of its calibration')
    parser.add_argument('--max-mb', type=float, default=13.0, help='refuse more')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the files and say how good they are."""
    args = parse_args(argv)
    from mmseg_trash.errors import DataError
    from mmseg_trash.launch import quiet
    from mmseg_trash.shipped.publish import publish

    quiet()
    scores = None
    if args.scores is not None:
        try:
            scores = json.loads(args.scores.read_text(encoding='utf-8'))
        except ValueError as error:
            raise DataError(f'{args.scores}: is no JSON: {error}') from error
        if not isinstance(scores, dict):
            raise DataError(f'{args.scores}: expected names and numbers')
    model, check = publish(
        args.config,
        args.checkpoint,
        args.name,
        args.out,
        args.licence_file,
        dict(
            licence=args.licence,
            data=args.data,
            scores=scores,
            temperature=args.temperature,
        ),
        args.average,
        args.photo,
        args.trust_checkpoint,
        args.cfg_options,
        args.max_mb,
    )
    print(
        f'{model.weights}: {model.facts["megabytes"]:.1f} MB, {model.facts["weights"]}'
    )
    print(
        f'photograph {check.image}: outputs differ by '
        f'{check.largest_difference:.1e} of {check.largest_output:.1f} at most, '
        f'{100 * check.equal_pixels:.3f} % of the labels are equal'
    )


if __name__ == '__main__':
    cli.run(main)
