"""Score predictions against labels: python tools/score.py PREDICTIONS train.json

PREDICTIONS is a submission, a store of probabilities or a folder of label PNGs, as
tools/predict.py writes them. Both sides are compared at 256x256, as in the competition.
"""

import argparse
from pathlib import Path

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('predictions', help='CSV, store, or folder of PNGs')
    parser.add_argument('ann_file', type=Path, help='COCO JSON with annotations')
    parser.add_argument('--data-root', help="folder of the images; the JSON's own")
    parser.add_argument('--config', help='whose classes and category map count')
    parser.add_argument('--subset', default='', help='text file of names to keep')
    parser.add_argument('--size', type=int, default=256, help='default: 256')
    parser.add_argument(
        '--batch-size', type=int, default=8, help='of the mean over batches; default: 8'
    )
    parser.add_argument('--out', help='JSON for the figures')
    parser.add_argument(
        '--allow-pseudo', action='store_true',
        help='score images that the model was trained on with pseudo labels',
    )  # fmt: skip
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Count, print the mIoUs, the IoU of trash and of each class."""
    args = parse_args(argv)
    from mmseg_trash.config import build_dataset, load_config
    from mmseg_trash.evaluate import write_metrics
    from mmseg_trash.experiments.kfold import class_table
    from mmseg_trash.inference.scoring import read_labels, score_labels
    from mmseg_trash.inference.store import META, ProbStore
    from mmseg_trash.model_classes import check_classes
    from mmseg_trash.pseudo.trained import TrainedImages, refuse_pseudo

    root = Path(args.data_root or args.ann_file.parent)
    options = dict(
        type='TrashDataset', ann_file=str(args.ann_file.absolute()),
        data_root=str(root), subset=args.subset, pipeline=[], test_mode=True,
    )  # fmt: skip
    if args.config:
        options = {**load_config(args.config).val_dataloader.dataset, **options}
    dataset = build_dataset(options)
    names = {dataset.get_data_info(i)['file_name'] for i in range(len(dataset))}
    found = Path(args.predictions)
    # tools/predict.py describes what it writes in the store beside it.
    for folder in (found, found.parent / 'probs'):
        if (folder / META).is_file():
            store = ProbStore.open(folder)
            wanted = dataset.metainfo['classes']
            check_classes(store.classes, wanted, str(folder), str(args.ann_file))
            pseudo = frozenset(store.source.get('pseudo', ()))
            if not args.allow_pseudo:
                refuse_pseudo(TrainedImages(pseudo=pseudo), names, args.predictions)
    rows = read_labels(args.predictions)
    if args.subset:
        rows = (row for row in rows if row[0] in names)
    records = score_labels(rows, dataset, args.size, args.batch_size)
    metrics = records.metrics()
    print(class_table(records))
    for key, value in metrics.items():
        print(f'{key}: {value:.2f} %')
    if args.out:
        ious = dict(zip(dataset.metainfo['classes'], records.class_ious()))
        write_metrics({**metrics, **{f'IoU_{k}': v for k, v in ious.items()}}, args.out)


if __name__ == '__main__':
    cli.run(main)
