"""What tools/predict.py does: images or a video in, files out, resumable."""

import argparse
from pathlib import Path
from typing import Any

from ..checkpoint import read_checkpoint
from ..config import load_config
from ..errors import ConfigError
from ..fileio import remove_leftovers
from ..progress import track
from ..pseudo.trained import trained_images
from ..pseudo.writer import hash_file, hash_names
from .coco_results import category_ids, merge_results, read_images
from .inputs import find_inputs, without_repeats, write_json
from .options import describe, predictor_options, read_postprocess
from .origin import check_images, config_digest
from .predictor import Predictor
from .shards import Shards
from .store import ProbStore
from .video import SUFFIXES, Video, draw_video, predict_video
from .writer import KINDS, PredictionWriter

SUBMISSION = 'submission.csv'


def predict(args: argparse.Namespace, shards: Shards) -> tuple[str, dict[str, str]]:
    """Predict what is not there yet.

    Args:
        args: The tool's arguments.
        shards: The processes that share the images.

    Returns:
        What was done, in a line, and the images that could not be predicted with the
        reason; in the first process those of all.

    Raises:
        ConfigError, DataError, FileNotFoundError: Nothing can be predicted.
    """
    if any(Path(name).suffix.lower() in SUFFIXES for name in args.inputs):
        return _predict_video(args, shards), {}
    out = Path(args.out)
    own = [out / kind for kind in KINDS]
    root, files = find_inputs(args.inputs, args.data_root, own)
    listed = out / 'inputs.json'
    if files[0].suffix == '.json':
        json_file, failures = without_repeats(files[0], listed)
        inputs = hash_file(json_file)
    else:
        json_file, failures = listed, write_json(files, root, listed)
        # a broken image that is mended later stays the same input
        inputs = hash_names(file.relative_to(root).as_posix() for file in files)
    predictor, source = _open(args, shards, root)
    predictor.cfg.predict_dataset.ann_file = str(json_file.absolute())
    dataset = predictor.dataset()
    source = dict(inputs=inputs, **source)
    image_ids = read_images(json_file)
    writer = _writer(args, source, dataset, image_ids, json_file)
    check_images(out, dataset.image_folder, [*image_ids], writer.is_begun, shards.first)
    for kind in own if shards.first else ():
        remove_leftovers(kind)
    left = writer.missing(dataset, shards.mine(range(len(dataset))))
    broken: dict[str, Exception] = {}
    if len(left):
        predict: Any = predictor.labels
        write: Any = writer.write_label
        if writer.needs_probs:
            predict, write = predictor.probs, writer.write
        for name, found in track(predict(left, broken), len(left), 'predicting'):
            write(name, found)
            del found  # probabilities are as large as the photograph times the classes
    gathered = shards.gather((len(left) - len(broken), broken))
    if not shards.first:
        return '', {}
    for _, found in gathered:
        failures |= {name: str(error) for name, error in found.items()}
    number = sum(count for count, _ in gathered)
    names = list(image_ids)
    _finish(writer, names, json_file, args.save, len(dataset.metainfo['classes']))
    missing = sum(not writer.is_done(name) for name in names)
    there = len(names) - number - missing
    return f'{out}: {number} images predicted, {there} were there', failures


def _finish(
    writer: PredictionWriter,
    names: list[str],
    json_file: Path,
    save: list[str],
    classes: int,
) -> None:
    """Join what the images gave into the files of which there is one."""
    from .submission import validate_submission, write_submission

    done = [name for name in names if writer.is_done(name)]
    if 'coco' in save:
        parts = [writer.path(name, 'coco') for name in done]
        merge_results(parts, writer.folder / 'coco.json')
    if 'submission' in save and len(done) == len(names):
        file = writer.folder / SUBMISSION
        write_submission(writer.labels(names), file, names, classes)
        faults = validate_submission(file, json_file, classes)
        assert not faults, f'{file}: {faults[0]}'


def _predict_video(args: argparse.Namespace, shards: Shards) -> str:
    if len(args.inputs) > 1 or shards.total > 1:
        raise ConfigError(f'{args.inputs[0]}: a video stands alone, in one process')
    if {'coco', 'submission'} & set(args.save):
        raise ConfigError('--save: a video gives labels, overlays and probs')
    video = Video.open(args.inputs[0])
    predictor, source = _open(args, shards, str(video.path.parent))
    source = dict(inputs=hash_file(video.path), **source)
    meta = predictor.dataset({**predictor.cfg.predict_dataset, 'lazy_init': True})
    wished = args.save
    args.save = ['labels', *(['probs'] if 'probs' in wished else [])]
    writer = _writer(args, source, meta, {}, None)
    number = predict_video(predictor, video, writer)
    line = f'{args.out}: {number} frames predicted'
    if 'overlays' in wished:
        out = writer.folder / f'{video.path.stem}_overlay.mp4'
        total = draw_video(video, writer, out)
        line += f', {out} has {total}'
    return line


def _open(
    args: argparse.Namespace, shards: Shards, root: str
) -> tuple[Predictor, dict[str, Any]]:
    """Open the model; return what its predictions depend on besides."""
    cfg = load_config(args.config, args.cfg_options, root, from_scratch=True)
    if not cfg.get('predict_dataset'):
        raise ConfigError(f'{args.config}: the config has no predict_dataset')
    options = predictor_options(args)
    device = shards.device(args.device)
    predictor = Predictor(cfg, args.checkpoint, device=device, **options)
    source = dict(
        config=Path(args.config).name,
        config_sha256=config_digest(cfg, options['tta']),
        checkpoint=hash_file(args.checkpoint),
        **describe(options),
        options={k: str(v) for k, v in (args.cfg_options or {}).items()},
    )
    content = read_checkpoint(args.checkpoint, args.trust_checkpoint)
    seen = trained_images(content, args.checkpoint)
    if seen and seen.pseudo:  # a score of these would flatter
        source['pseudo'] = sorted(seen.pseudo)
    return predictor, source


def _writer(
    args: argparse.Namespace,
    source: dict[str, Any],
    dataset: Any,
    image_ids: Any,
    json_file: Path | None,
) -> PredictionWriter:
    out, classes = Path(args.out), dataset.metainfo['classes']
    post, section = read_postprocess(args.postprocess, list(classes))
    store = ProbStore(
        out / 'probs', classes, args.store, {**source, 'postprocess': section}
    )
    kinds = [kind for kind in args.save if kind != 'submission']
    if 'submission' in args.save and 'labels' not in kinds:
        kinds.append('labels')
    return PredictionWriter(
        out,
        store,
        kinds,
        dataset.metainfo['palette'],
        getattr(dataset, 'image_folder', ''),
        post,
        image_ids,
        category_ids(json_file, classes) if json_file and 'coco' in kinds else (),
    )
