"""Combine models into one submission: python tools/ensemble.py recipe.yaml

A recipe:
  rule: soft                    # or hard
  data_root: data/trash
  members:
    - {config: configs/a.py, checkpoint: a.pth, tta: true, weight: 2}
    - {store: work_dirs/b/probs, class_weights: {Battery: 1.5}}
Stores are written by tools/predict.py --save probs.
"""

import argparse
from pathlib import Path

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('recipe')
    parser.add_argument('--out', default='submission.csv', help='the CSV to write')
    parser.add_argument('--store', help='keep the mean probabilities in this folder')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')
    parser.add_argument('--batch-size', type=int, help='default 8 on a GPU, else 1')
    parser.add_argument('--num-workers', type=int, help='processes that load images')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Open the members, combine them, and write the CSV."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.inference.ensemble import (
        combine,
        factors,
        image_names,
        open_member,
        read_recipe,
    )
    from mmseg_trash.inference.store import ProbStore
    from mmseg_trash.inference.submission import check_target, write_submission
    from mmseg_trash.launch import quiet
    from mmseg_trash.progress import track

    quiet()
    check_target(args.out)
    recipe = read_recipe(args.recipe)
    if args.store and recipe.rule == 'hard':
        raise ConfigError('--store: votes give no probabilities')
    names = image_names(recipe)
    options = dict(
        device=args.device, batch_size=args.batch_size, num_workers=args.num_workers
    )
    opened = [open_member(m, recipe, names, **options) for m in recipe.members]
    classes = opened[0][1]
    for member, (_, other) in zip(recipe.members, opened):
        if other != classes:
            raise ConfigError(f'{member}: has other classes than the first member')
    weights = [factors(member, classes) for member in recipe.members]
    store = None
    if args.store:
        text = Path(args.recipe).read_text(encoding='utf-8')
        store = ProbStore(args.store, classes, source=dict(recipe=text))

    def rows():  # type: ignore[no-untyped-def]
        found = combine([stream for stream, _ in opened], weights, recipe.rule)
        for name, label, probs in track(found, len(names), 'combining'):
            if store is not None:
                store.write(name, probs)
            yield name, label

    number = write_submission(rows(), args.out, names, len(classes))
    print(f'{args.out}: {number} rows from {len(recipe.members)} members')


if __name__ == '__main__':
    cli.run(main)
