"""Convert published weights: convert_checkpoint.py SOURCE OUT --family NAME"""

import argparse
import logging

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    from mmseg_trash.convert import CONVERTERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'source', help='.pth, .pkl (detectron2), .safetensors, or package://name/path'
    )
    parser.add_argument('out', help='the .pth file to write')
    parser.add_argument(
        '--family', required=True, choices=sorted(CONVERTERS), help='layout of source'
    )
    parser.add_argument(
        '--config',
        help='check against the model of this config; resize its position tables and '
        'leave out a classifier of other classes',
    )
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Read, convert, check and write weights."""
    args = parse_args(argv)
    import torch

    from mmseg_trash.convert import CONVERTERS
    from mmseg_trash.convert.files import read_weights
    from mmseg_trash.convert.fit import fit
    from mmseg_trash.convert.package import PREFIX, package_file
    from mmseg_trash.errors import CheckpointError
    from mmseg_trash.fileio import atomic_write

    logging.basicConfig(format='%(message)s')
    logging.getLogger('mmseg_trash.convert').setLevel(logging.INFO)
    inside = args.source.startswith(PREFIX)
    source = package_file(args.source) if inside else args.source
    state = read_weights(source, args.trust_checkpoint)
    try:
        state = CONVERTERS[args.family](state)
        print(f'{args.source}: {len(state)} tensors in {args.family}')
        if args.config:
            from mmseg_trash.config import build_model, load_config

            model = build_model(load_config(args.config, from_scratch=True))
            found = fit(state, model.state_dict())
            print('\n'.join(found.table()))
            if found.new:
                print(f'{len(found.new)} tensors of the model start anew:')
                print('\n'.join(f'  {key}' for key in found.new))
            state = found.state
    except CheckpointError as error:
        raise CheckpointError(f'{args.source}: {error}') from error
    with atomic_write(args.out) as temporary:
        torch.save(dict(state_dict=state), temporary)
    print(f'wrote {args.out}')


if __name__ == '__main__':
    cli.run(main)
