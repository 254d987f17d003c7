"""Write submission.csv: python tools/submit.py CONFIG CHECKPOINT"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--out', default='submission.csv', help='the CSV to write')
    parser.add_argument('--data-root', help='folder with test.json and the images')
    parser.add_argument('--ann-file', help='the images to predict, default test.json')
    parser.add_argument('--batch-size', type=int, help='default 8 on a GPU, else 1')
    parser.add_argument('--num-workers', type=int, help='processes that load images')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Predict the test images, write the CSV, and check it."""
    args = parse_args(argv)
    from mmseg_trash.config import load_config, num_classes
    from mmseg_trash.inference.predictor import Predictor
    from mmseg_trash.inference.submission import (
        check_target,
        read_image_ids,
        validate_submission,
        write_submission,
    )
    from mmseg_trash.launch import quiet
    from mmseg_trash.progress import track

    quiet()
    check_target(args.out)
    cfg = load_config(args.config, args.cfg_options, args.data_root, from_scratch=True)
    if args.ann_file and cfg.get('predict_dataset'):
        cfg.predict_dataset.ann_file = args.ann_file
    predictor = Predictor(
        cfg,
        args.checkpoint,
        device=args.device,
        tta=args.tta,
        batch_size=args.batch_size,
        num_workers=args.num_workers,
        trusted=args.trust_checkpoint,
    )
    dataset = predictor.dataset()
    names = read_image_ids(dataset.ann_file)
    rows = track(predictor.labels(dataset), len(names), 'predicting')
    classes = num_classes(cfg)
    write_submission(rows, args.out, names, classes)
    faults = validate_submission(args.out, dataset.ann_file, classes)
    for fault in faults:
        print(fault)
    size = Path(args.out).stat().st_size / 1e6
    state = 'checked' if not faults else 'FAULTY'
    print(f'{args.out}: {len(names)} rows, {size:.1f} MB, {state}')
    return 1 if any(fault.level == 'error' for fault in faults) else 0


if __name__ == '__main__':
    cli.run(main)
