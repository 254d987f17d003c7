"""Draw a toy data set in the competition's layout."""

import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...errors import DataError
from ...metainfo import CLASSES
from .catalogue import label_weights
from .plan import SPLITS, Job, ToyParams, make_plan
from .polygons import annotate
from .scene import draw_scene

MARKER = 'toy.json'
JPEG_QUALITY = 90
JSON_FILES = ('train.json', 'val.json', 'train_all.json', 'test.json')
Annotations = list[dict[str, Any]]


def _version() -> str:
    """Digest the drawing code, so that a set drawn by older code is not reused."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob('*.py')):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def draw_image(
    params: ToyParams, job: Job
) -> tuple[np.ndarray, np.ndarray, Annotations]:
    """Draw one image of a toy set.

    Args:
        params: The set's parameters.
        job: The image.

    Returns:
        The image (uint8 BGR (size, size, 3)), the label map as drawn (uint8
        (size, size)) and its annotations without ids.
    """
    rng = np.random.default_rng([params.seed, SPLITS.index(job.split), job.index])
    weights = label_weights(params.imbalance)
    image, scene = draw_scene(
        rng, params.size, weights, job.required, job.empty, params.kinds
    )
    return image, scene.label_map, annotate(scene.owner, scene.labels)


def _write_image(folder: Path, params: ToyParams, job: Job) -> Annotations:
    cv2.setNumThreads(1)
    image, _, annotations = draw_image(params, job)
    good, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not good:
        raise OSError(f'cannot encode {job.file_name} as JPEG')
    (folder / job.file_name).write_bytes(data.tobytes())
    return annotations


def _map(
    function: Callable[[Job], Annotations], jobs: list[Job], workers: int
) -> Iterator[Annotations]:
    """Call ``function`` for every job, in order, in several processes if asked to."""
    if workers <= 1 or len(jobs) < 2:
        yield from map(function, jobs)
        return
    # a spawned worker would import the whole parent package, which takes seconds
    method = 'fork' if sys.platform.startswith('linux') else 'spawn'
    threads = cv2.getNumThreads()
    # OpenCV's thread pool does not survive a fork
    cv2.setNumThreads(1)
    try:
        with multiprocessing.get_context(method).Pool(min(workers, len(jobs))) as pool:
            yield from pool.imap(function, jobs, chunksize=4)
    finally:
        cv2.setNumThreads(threads)


def _coco(
    params: ToyParams, jobs: list[Job], drawn: list[Annotations], splits: set[str]
) -> dict[str, Any]:
    """Put the images of some splits into one COCO dictionary, ids from 0."""
    images: list[dict[str, Any]] = []
    annotations: Annotations = []
    for job, found in zip(jobs, drawn):
        if job.split not in splits:
            continue
        for annotation in found if 'test' not in splits else []:
            annotations.append(
                dict(id=len(annotations), image_id=len(images), **annotation)
            )
        images.append(
            dict(
                license=0,
                url=None,
                file_name=job.file_name,
                height=params.size,
                width=params.size,
                date_captured=None,
                id=len(images),
            )
        )
    return dict(
        info=dict(
            year=2021,
            version='1.0',
            description='Toy trash scenes, drawn',
            contributor='mmseg_trash',
            url=None,
            date_created=None,
        ),
        licenses=[dict(id=0, name='CC0 1.0', url=None)],
        images=images,
        categories=[
            dict(id=label, name=name, supercategory=name)
            for label, name in enumerate(CLASSES)
            if label
        ],
        annotations=annotations,
    )


def _marker_of(root: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((root / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and 'toy' in found else None


def _finished(root: Path, marker: dict[str, Any], jobs: list[Job]) -> bool:
    if _marker_of(root) != marker:
        return False
    names = [*JSON_FILES, *(job.file_name for job in jobs)]
    return all((root / name).is_file() for name in names)


def _draw_all(
    folder: Path,
    params: ToyParams,
    jobs: list[Job],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    for batch in {Path(job.file_name).parent for job in jobs}:
        (folder / batch).mkdir()
    drawn: list[Annotations] = []
    for annotations in _map(partial(_write_image, folder, params), jobs, workers):
        drawn.append(annotations)
        if progress is not None:
            progress(len(drawn), len(jobs))
    for name, splits in zip(
        JSON_FILES, ({'train'}, {'val'}, {'train', 'val'}, {'test'})
    ):
        (folder / name).write_text(json.dumps(_coco(params, jobs, drawn, splits)))


def make_toy(
    root: str | os.PathLike[str],
    num_train: int = 240,
    num_val: int = 60,
    num_test: int = 40,
    size: int = 512,
    seed: int = 42,
    workers: int = 2,
    imbalance: float = 0.35,
    kinds: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw a toy data set in the competition's layout, or reuse a finished one.

    The folder appears whole or not at all. Every image depends on the seed and its own
    number only, so the same parameters give the same bytes with any number of workers.

    Args:
        root: The data root to make. A toy set made here before is reused when its
            parameters are the same, and replaced when they differ.
        num_train: Images of ``train.json``.
        num_val: Images of ``val.json``; both together make ``train_all.json``.
        num_test: Images of ``test.json``, which has no annotations.
        size: Side length in pixels, 32 to 2048.
        seed: Seed of everything.
        workers: Processes that draw.
        imbalance: 1 for the competition's class frequencies, 0 for even ones. Every
            class appears in at least two images of each split (if it has two).
        kinds: Draw so many kinds of object per class, the commonest ones, where None
            draws all 35. Fewer kinds are quicker to learn.
        progress: Called with (images drawn, images in all).

    Returns:
        The data root.

    Raises:
        ValueError: A parameter is out of its range.
        DataError: ``root`` exists and is no toy set.
    """
    root = Path(root)
    params = ToyParams(
        num_train, num_val, num_test, size, seed, float(imbalance), kinds
    )
    jobs = make_plan(params)
    marker = dict(toy=_version(), **asdict(params))
    if _finished(root, marker, jobs):
        return root
    vacant = not root.exists() or (root.is_dir() and not any(root.iterdir()))
    if not vacant and _marker_of(root) is None:
        raise DataError(
            f'{root}: exists and is no toy data set made by this tool; give a new '
            f'folder, or remove this one'
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=root.parent, prefix=f'.{root.name}.'))
    try:
        temporary.chmod(0o755)
        _draw_all(temporary, params, jobs, workers, progress)
        (temporary / MARKER).write_text(json.dumps(marker))
        if _finished(root, marker, jobs):
            return root
        if root.exists():
            shutil.rmtree(root)
        temporary.replace(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return root
