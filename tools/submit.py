"""Write submission.csv: python tools/submit.py CONFIG CHECKPOINT"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli, named_model


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from mmseg_trash.inference.options import add_options

    parser = argparse.ArgumentParser(description=__doc__)
    named_model.add_model(parser)
    parser.add_argument('--out', default='submission.csv', help='the CSV to write')
    parser.add_argument('--data-root', help='folder with test.json and the images')
    parser.add_argument('--ann-file', help='the images to predict, default test.json')
    parser.add_argument('--postprocess', help='YAML with a section postprocess:')
    add_options(parser)
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Predict the test images, write the CSV, and check it."""
    args = named_model.parse(parser(), argv)
    from mmseg_trash.config import load_config, num_classes
    from mmseg_trash.inference.ensemble_job import processed
    from mmseg_trash.inference.options import predictor_options, read_postprocess
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
        cfg, args.checkpoint, device=args.device, **predictor_options(args)
    )
    dataset = predictor.dataset()
    names = read_image_ids(dataset.ann_file)
    post, _ = read_postprocess(args.postprocess, dataset.metainfo['classes'])
    rows = predictor.labels(dataset)
    if args.postprocess:
        rows = processed(predictor.probs(dataset), post, dataset.image_folder)
    classes = num_classes(cfg)
    write_submission(track(rows, len(names), 'predicting'), args.out, names, classes)
    faults = validate_submission(args.out, dataset.ann_file, classes)
    for fault in faults:
        print(fault)
    size = Path(args.out).stat().st_size / 1e6
    state = 'checked' if not faults else 'FAULTY'
    print(f'{args.out}: {len(names)} rows, {size:.1f} MB, {state}')
    return 1 if any(fault.level == 'error' for fault in faults) else 0


if __name__ == '__main__':
    cli.run(main)
