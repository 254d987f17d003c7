"""Combine models into one submission: python tools/ensemble.py recipe.yaml

A recipe holds all that makes the label maps; run again, it gives the same bytes:
  rule: soft                    # or hard
  data_root: data/trash
  members:
    - {config: configs/a.py, checkpoint: a.pth, tta: true, weight: 2}
    - {config: configs/a.py, checkpoint: b.pth, window: 512,
       tta: {views: [plain, hflip, scale1.5], weights: [2, 1, 1], mean: logits}}
    - {store: work_dirs/b/probs, class_weights: {Battery: 1.5}}
  postprocess: {crf: seed, write_back: true, clean_up: {min_size: 50}}
  output: submission.csv
Stores are written by tools/predict.py --save probs; tools/search_weights.py finds the
weights. Several processes share the images: torchrun --nproc-per-node 2 ...
"""

import argparse

from mmseg_trash import cli


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from mmseg_trash.inference.options import add_machine_options

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('recipe')
    parser.add_argument('--out', help="the CSV to write, default the recipe's output")
    parser.add_argument('--store', help='keep the mean probabilities in this folder')
    parser.add_argument(
        '--sequential',
        metavar='FOLDER',
        help='one model at a time in memory; their probabilities go through FOLDER',
    )
    add_machine_options(parser)
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in them'
    )
    return parser


def main(argv: list[str] | None = None) -> None:
    """Open the members, combine them, and write the CSV."""
    args = parser().parse_args(argv)
    from mmseg_trash.inference.ensemble_job import run_recipe
    from mmseg_trash.inference.options import machine_options
    from mmseg_trash.inference.shards import Shards
    from mmseg_trash.launch import quiet

    quiet()
    shards = Shards()
    line = run_recipe(
        args.recipe,
        shards,
        args.out,
        args.store,
        args.sequential,
        args.threads,
        device=shards.device(args.device),
        trusted=args.trust_checkpoint,
        **machine_options(args),
    )
    if line:
        print(line)
    shards.close()


if __name__ == '__main__':
    cli.run(main)
