"""Predict images: python tools/predict.py CONFIG CHECKPOINT INPUT ... --out FOLDER

INPUT is a COCO JSON, a folder, a pattern or single images. Label maps are PNGs with the
palette. Call it again after an interruption: finished images are not predicted again.
"""

import argparse
import hashlib
from pathlib import Path

from mmengine.config import DictAction

from mmseg_trash import cli

KINDS = ('labels', 'overlays', 'probs')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('inputs', nargs='+', metavar='INPUT')
    parser.add_argument('--out', required=True, help='folder of what is written')
    parser.add_argument(
        '--save', nargs='+', choices=KINDS, default=['labels'], help='default: labels'
    )
    parser.add_argument(
        '--store', choices=('uint8', 'float16'), default='uint8', help='of the probs'
    )
    parser.add_argument('--data-root', help="folder of a JSON's images")
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument('--batch-size', type=int, help='default 8 on a GPU, else 1')
    parser.add_argument('--num-workers', type=int, help='processes that load images')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:1 …')
    parser.add_argument(
        '--trust-checkpoint', action='store_true', help='allow pickled objects in it'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main(argv: list[str] | None = None) -> None:
    """Predict what is not there yet."""
    args = parse_args(argv)
    from mmseg_trash.config import load_config
    from mmseg_trash.inference.inputs import find_inputs, write_json
    from mmseg_trash.inference.predictor import Predictor
    from mmseg_trash.inference.store import ProbStore
    from mmseg_trash.inference.writer import PredictionWriter
    from mmseg_trash.launch import quiet
    from mmseg_trash.progress import track

    quiet()
    out = Path(args.out)
    root, files = find_inputs(args.inputs, args.data_root)
    json_file = files[0]
    if json_file.suffix != '.json':
        json_file = out / 'inputs.json'
        write_json(files, root, json_file)
    cfg = load_config(args.config, args.cfg_options, root, from_scratch=True)
    cfg.predict_dataset.ann_file = str(json_file.absolute())
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
    source = dict(
        inputs=_digest(json_file),
        config=Path(args.config).name,
        checkpoint=_digest(Path(args.checkpoint)),
        tta=args.tta,
        options={k: str(v) for k, v in (args.cfg_options or {}).items()},
    )
    classes = dataset.metainfo['classes']
    store = ProbStore(out / 'probs', classes, args.store, source)
    writer = PredictionWriter(
        out, store, args.save, dataset.metainfo['palette'], dataset.image_folder
    )
    left = writer.missing(dataset)
    if left:
        rows = track(predictor.probs(left), len(left), 'predicting')
        for name, probs in rows:
            writer.write(name, probs)
    done = len(dataset) - len(left)
    print(f'{out}: {len(left)} images predicted, {done} were there')


if __name__ == '__main__':
    cli.run(main)
