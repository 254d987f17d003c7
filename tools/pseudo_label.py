"""Label images by models: python tools/pseudo_label.py SOURCE --out pseudo/round1.json

SOURCE is a recipe as of tools/ensemble.py, or a store of tools/predict.py --save probs.
docs/pseudo_labels.md tells how to train with what comes out.
"""

import argparse
import sys

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    from mmseg_trash.inference.options import add_machine_options

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', help='recipe.yaml, or folder of a store')
    parser.add_argument('--out', required=True, help='the JSON to write')
    parser.add_argument(
        '--rule',
        choices=('pixel', 'image', 'both'),
        default='pixel',
        help='pixel: confident pixels; image: all pixels of confident images',
    )
    parser.add_argument('--threshold', type=float, default=0.9, help='of pixels')
    parser.add_argument(
        '--below', choices=('ignore', 'background'), default='ignore',
        help='what the other pixels become',
    )  # fmt: skip
    parser.add_argument('--image-threshold', type=float, default=0.8)
    parser.add_argument(
        '--max-share', type=float, default=0.1,
        help='of foreground pixels at or below the image threshold',
    )  # fmt: skip
    parser.add_argument(
        '--class-threshold', nargs='+', default=[], metavar='NAME=VALUE',
        help="a class's own threshold, in both rules",
    )  # fmt: skip
    parser.add_argument(
        '--drop-empty', action='store_true', help='by images: none without foreground'
    )
    parser.add_argument('--soft', action='store_true', help='keep the probabilities')
    parser.add_argument('--checkpoints', nargs='+', default=[], help="the stores'")
    parser.add_argument(
        '--allow-trained', action='store_true',
        help='label images that a member was trained on',
    )  # fmt: skip
    parser.add_argument('--round', type=int, help="default: one more than the members'")
    add_machine_options(parser)
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in them'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Open the source, ask the guard, write the labels."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.inference.options import machine_options
    from mmseg_trash.inference.submission import check_target
    from mmseg_trash.launch import quiet
    from mmseg_trash.pseudo.make import make_pseudo_labels
    from mmseg_trash.pseudo.rules import choose_rules
    from mmseg_trash.pseudo.sources import open_source

    quiet()
    of_classes = {}
    for text in args.class_threshold:
        name, _, value = text.partition('=')
        try:
            of_classes[name] = float(value)
        except ValueError:
            message = f'--class-threshold {text!r}: expected NAME=VALUE'
            raise ConfigError(message) from None
    rules = choose_rules(
        args.rule,
        dict(threshold=args.threshold, of_classes=of_classes, below=args.below),
        dict(
            threshold=args.image_threshold,
            of_classes=of_classes,
            max_share=args.max_share,
            keep_empty=not args.drop_empty,
        ),
    )
    check_target(args.out)
    options = dict(
        device=args.device, trusted=args.trust_checkpoint, **machine_options(args)
    )
    source = open_source(args.source, args.checkpoints, args.trust_checkpoint)
    for member in source.unknown:
        sys.stderr.write(
            f'{member}: does not tell what it was trained on (--checkpoints names the '
            'file of a store), so that nothing guards against labelling that\n'
        )
    if not args.allow_trained:
        source.refuse_trained()
    made = make_pseudo_labels(
        source, rules, args.out, number=args.round, soft=args.soft, **options
    )
    total = sum(made.pixels.values()) or 1
    print(
        f'{args.out}: round {args.round or source.round}, {made.kept} images labelled'
    )
    print(f'{len(made.dropped)} left out, {made.ignored:.1%} of the pixels ignored')
    for name, pixels in made.pixels.items():
        print(f'  {name:15} {pixels / total:7.2%}')


if __name__ == '__main__':
    cli.run(main)
