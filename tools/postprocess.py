"""Post-process stored predictions: python tools/postprocess.py STORE ... --out LABELS

Each INPUT is a member of an ensemble: a store of probabilities (tools/predict.py --save
probs), a folder of label maps or a submission CSV. Their mean passes CRF, argmax,
write-back and clean-up as a file's section `postprocess:` or --options say. --out is a
folder of label maps, or a submission if it ends in .csv. Folders go on where they were
cut off.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('inputs', nargs='+', metavar='INPUT')
    parser.add_argument('--out', required=True, help='folder, or submission.csv')
    parser.add_argument('--recipe', help='YAML with a section postprocess')
    parser.add_argument(
        '--options', nargs='+', action=DictAction, default={},
        help='over the recipe: crf=seed write_back.min_area=9 clean_up.window=3',
    )  # fmt: skip
    parser.add_argument('--data-root', help='folder of the photographs, for the CRF')
    parser.add_argument('--ann-file', help="JSON of the images, for a CSV's order")
    parser.add_argument('--weights', type=float, nargs='+', help='one for each input')
    parser.add_argument(
        '--confidence', type=float, default=0.7, help="of a label map's labels"
    )
    parser.add_argument('--workers', type=int, help='processes; default: the cores')
    parser.add_argument('--device', help="the CRF's, cuda for instance; default: CPU")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Process what is not there yet."""
    args = parse_args(argv)
    from mmseg_trash.checkpoint import usable_device
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.inference.submission import (
        check_target,
        read_image_ids,
        write_submission,
    )
    from mmseg_trash.postprocess import batch
    from mmseg_trash.postprocess.order import PostProcess
    from mmseg_trash.postprocess.processes import cores
    from mmseg_trash.postprocess.section import merged, read_section
    from mmseg_trash.progress import track
    from mmseg_trash.workbench.predictions import open_predictions

    if args.device:
        usable_device(args.device)
    if args.workers is not None and args.workers < 1:
        raise ConfigError(f'--workers: must be at least 1, got {args.workers}')
    section = merged(read_section(args.recipe) if args.recipe else {}, args.options)
    members = [open_predictions(name) for name in args.inputs]
    names = list(members[0].names)
    if args.ann_file:
        names = read_image_ids(args.ann_file)
    ensemble = batch.Ensemble(
        members,
        args.weights or [1.0] * len(members),
        batch.image_folder(args.data_root, names) if args.data_root else None,
        args.confidence,
    )
    ensemble.check(names)
    post = PostProcess.from_dict(section, ensemble.classes)
    workers = 1 if args.device else args.workers or cores()
    if args.out.endswith('.csv'):
        check_target(args.out)
        found = batch.postprocess_all(ensemble, post, names, workers, args.device)
        rows = track(found, len(names), 'post-processing')
        write_submission(rows, args.out, names, len(ensemble.classes))
        print(f'{args.out}: {len(names)} rows from {len(members)} members')
        return
    folder = batch.LabelFolder(
        args.out, ensemble.classes, batch.source_of(ensemble, post)
    )
    left = [name for name in names if not Path(folder.path(name)).is_file()]
    found = batch.postprocess_all(ensemble, post, left, workers, args.device)
    for name, label in track(found, len(left), 'post-processing'):
        folder.write(name, label)
    print(f'{args.out}: {len(left)} label maps, {len(names) - len(left)} were there')


if __name__ == '__main__':
    cli.run(main)
