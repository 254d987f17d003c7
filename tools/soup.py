"""Average checkpoints: python tools/soup.py CONFIG A.pth B.pth C.pth --out soup.pth

Uniform: the mean of all. Greedy: the best first, then each that does not lower --metric
on the config's validation images. Statistics of batch norms are estimated anew.
"""

import argparse
import tempfile
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('checkpoints', nargs='+')
    parser.add_argument('--kind', choices=('uniform', 'greedy'), default='uniform')
    parser.add_argument('--weights', type=float, nargs='+', help='of a uniform soup')
    parser.add_argument('--metric', default='mIoU', help='of a greedy soup')
    parser.add_argument('--out', default='soup.pth', help='the checkpoint to write')
    parser.add_argument('--data-root', help='folder with train.json and val.json')
    parser.add_argument('--fold', help='images of this fold')
    parser.add_argument('--norm-images', type=int, default=512, help='for batch norms')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in them'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Average, estimate statistics, and write."""
    args = parse_args(argv)
    import torch

    from mmseg_trash.checkpoint import load_weights, read_checkpoint
    from mmseg_trash.config import build_model, load_config, num_classes
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.evaluate import evaluate
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.launch import quiet
    from mmseg_trash.pseudo.trained import trained_by_any
    from mmseg_trash.soup import average, estimate_batch_norm, greedy, has_batch_norm

    quiet()
    if args.weights and (
        args.kind == 'greedy' or len(args.weights) != len(args.checkpoints)
    ):
        raise ConfigError('--weights: one for each checkpoint of a uniform soup')
    for weight in args.weights or ():
        if not 0 <= weight < float('inf'):
            raise ConfigError(f'--weights: expected numbers from 0, got {weight}')
    cfg = load_config(
        args.config, args.cfg_options, args.data_root, args.fold, from_scratch=True
    )
    names = args.checkpoints
    contents = [read_checkpoint(name, args.trust_checkpoint) for name in names]
    states = [content['state_dict'] for content in contents]
    model = build_model(cfg)
    classes = num_classes(cfg)
    meta = contents[0].get('meta') or {}
    kept = {k: meta[k] for k in ('dataset_meta', 'cfg') if k in meta}
    kept |= trained_by_any(contents, names)

    def finish(state: dict) -> dict:
        load_weights(model, state, 'soup', classes)
        if has_batch_norm(model):
            estimate_batch_norm(model, cfg, args.norm_images)
        return dict(state_dict=model.state_dict(), meta=kept)

    with tempfile.TemporaryDirectory() as folder:

        def score(state: dict) -> float:
            file = Path(folder) / 'soup.pth'
            torch.save(finish(state), file)
            trial = load_config(
                args.config, args.cfg_options, args.data_root, args.fold, True
            )
            trial.work_dir, trial.log_level = folder, 'WARNING'
            found = evaluate(trial, file, trusted=True)
            if args.metric not in found:
                known = ', '.join(found)
                raise ConfigError(f'--metric {args.metric}: there are {known}')
            return found[args.metric]

        if args.kind == 'greedy':
            state, chosen = greedy(states, names, score)
            names = [names[i] for i in chosen]
        else:
            state = average(states, names, args.weights)
    with atomic_write(args.out) as temporary:
        torch.save(finish(state), temporary)
    print(f'{args.out}: {args.kind} soup of {", ".join(names)}')


if __name__ == '__main__':
    cli.run(main)
