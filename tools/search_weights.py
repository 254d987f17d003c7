"""Find an ensemble's weights: python tools/search_weights.py oof.yaml --out recipe.yaml

oof.yaml is a recipe whose members are stores of out-of-fold predictions (of images that
no member was trained on). Half of their images choose the weights, the other half tells
what they are worth beside equal ones.
"""

import argparse
import sys
from pathlib import Path

from mmseg_trash import cli

METRICS = ('mIoU', 'mIoU_image', 'mIoU_256', 'mIoU_image_256')


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('recipe', help='its members are stores')
    parser.add_argument('--out', required=True, help='the recipe to write')
    parser.add_argument(
        '--into', help='write the weights into this recipe, which has as many members'
    )
    parser.add_argument('--data-root', help="the labels' folder, default the recipe's")
    parser.add_argument('--ann-file', default='train_all.json', help='the labels')
    parser.add_argument('--metric', choices=METRICS, default='mIoU_256')
    parser.add_argument('--seed', type=int, default=0, help='decides the halves')
    return parser


def main(argv: list[str] | None = None) -> None:
    """Search, report, and write the recipe."""
    args = parser().parse_args(argv)
    import yaml

    from mmseg_trash.config import build_dataset
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.inference.recipe import read_recipe, read_yaml
    from mmseg_trash.inference.store import ProbStore
    from mmseg_trash.inference.weight_search import hold, search
    from mmseg_trash.launch import quiet

    quiet()
    recipe = read_recipe(args.recipe)
    stores = [ProbStore.open(m.store) for m in recipe.members if m.store is not None]
    if len(stores) < max(2, len(recipe.members)):
        raise ConfigError(f'{args.recipe}: expected two or more members, all stores')
    target = Path(args.into or args.recipe)
    content = read_yaml(target)
    if len(read_recipe(target).members) != len(stores):
        raise ConfigError(f'{target}: expected {len(stores)} members')
    root = args.data_root or recipe.data_root
    if root is None:
        raise ConfigError(f'{args.recipe}: data_root: the labels are there')
    kind = dict(type='TrashDataset', data_root=root, ann_file=args.ann_file)
    dataset = build_dataset(dict(**kind, pipeline=[], test_mode=True))
    images = hold(stores, dataset, args.metric)
    found = search(images, args.metric, args.seed)
    for member, weight in zip(content['members'], found.weights):
        member['weight'] = weight
    with atomic_write(args.out) as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    half = len(images) // 2
    print(f'{args.out}: weights {", ".join(f"{w:.3f}" for w in found.weights)}')
    print(f'{args.metric} in %, found weights / equal weights')
    rows = (
        (half, 'images that chose them', found.chosen, found.chosen_equal),
        (len(images) - half, 'other images', found.held_out, found.held_out_equal),
    )
    for number, title, weighted, equal in rows:
        print(f'{number:6} {title:24} {100 * weighted:6.2f} / {100 * equal:.2f}')
    print(
        f'  members alone on these: {", ".join(f"{100 * s:.2f}" for s in found.alone)}'
    )
    if not found.holds:
        sys.stderr.write(
            'warning: on the other images equal weights are as good or better; '
            'the gain does not hold\n'
        )


if __name__ == '__main__':
    cli.run(main)
