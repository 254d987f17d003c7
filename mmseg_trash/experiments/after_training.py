"""What the steps after training add: views, folds, networks, CRF, pseudo labels.

The figures come from the command lines that a user would call; each step leaves its
files and is not repeated.
"""

import json
import os
import runpy
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..config import build_dataset
from ..errors import DataError
from ..fileio import atomic_write
from ..inference.scoring import read_labels, score_labels
from ..metrics.records import Records
from .job import Job, run_job
from .kfold import fold_jobs

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
TEST, TRUTH = 'test.json', 'val.json'


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    Attributes:
        name: What was done.
        members: Names of the stores that are averaged.
        postprocess: Section of the recipe.
    """

    name: str
    members: Sequence[str]
    postprocess: dict[str, Any] = field(default_factory=dict)


def call(tool: str, *arguments: str) -> None:
    """Run a command line in this process.

    Raises:
        DataError: It ends with another status than 0.
    """
    main = runpy.run_path(str(TOOLS / tool))['main']
    if main([*arguments]):
        raise DataError(f'tools/{tool} {" ".join(arguments)} failed')


def prepare(root: Path, folder: Path, folds: int) -> Path:
    """Lay out a data set whose validation images play the test set.

    Args:
        root: Folder with ``train.json``, ``val.json`` and the photographs.
        folder: Gets the JSON files, fold lists of the training images, and links.
        folds: Their number.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: ``root`` lacks one of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for entry in root.iterdir():
        link = folder / entry.name
        if entry.suffix != '.json' and entry.name != 'folds' and not link.exists():
            link.symlink_to(entry.absolute())
    for source, target in (('train', 'train'), ('train', 'train_all'), ('val', 'val')):
        with atomic_write(folder / f'{target}.json') as temporary:
            shutil.copyfile(root / f'{source}.json', temporary)
    content = json.loads((root / TRUTH).read_text(encoding='utf-8'))
    content.pop('annotations', None)
    with atomic_write(folder / TEST) as temporary:
        temporary.write_text(json.dumps(content), encoding='utf-8')
    call('data/make_folds.py', str(folder), '--folds', str(folds))
    return folder


def train(job: Job, folds: int = 0) -> dict[str, Path]:
    """Train a config on all training images, or on each fold's.

    Returns:
        Name of the folder -> checkpoint.
    """
    jobs = fold_jobs(job, range(folds)) if folds else [job]
    found = {}
    for part in jobs:
        run_job(part)
        last = part.load().train_cfg.max_iters
        found[Path(part.work_dir).name] = Path(part.work_dir) / f'iter_{last}.pth'
    return found


def words(options: Mapping[str, Any]) -> list[str]:
    """Return options as a command line has them."""
    found = [
        f'{key}={value if isinstance(value, str) else str(value).replace(" ", "")}'
        for key, value in options.items()
    ]
    return ['--cfg-options', *found] if found else []


def predict(
    model: tuple[str, Path],
    images: Path,
    store: Path,
    tta: bool,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Keep a model's probabilities in ``<store>/probs``.

    Args:
        model: Config and checkpoint.
        images: The JSON that lists them.
        store: The folder.
        tta: Average the config's views.
        options: Overrides that the model was trained with.
    """
    config, checkpoint = model
    call(
        'predict.py', config, str(checkpoint), str(images), '--out', str(store),
        '--save', 'probs', '--store', 'float16', *(['--tta'] if tta else []),
        *words(options or {}),
    )  # fmt: skip


def combine(entry: Entry, stores: Path, data: Path, out: Path) -> Path:
    """Write an entry's recipe and its submission.

    Returns:
        The submission.
    """
    recipe: dict[str, Any] = dict(
        rule='soft', data_root=str(data), ann_file=TEST,
        members=[dict(store=str(stores / name / 'probs')) for name in entry.members],
    )  # fmt: skip
    if entry.postprocess:
        recipe['postprocess'] = entry.postprocess
    stem = out / ''.join(c if c.isalnum() else '_' for c in entry.name.lower())
    file, submission = stem.with_suffix('.yaml'), stem.with_suffix('.csv')
    with atomic_write(file) as temporary:
        temporary.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding='utf-8')
    call('ensemble.py', str(file), '--out', str(submission))
    return submission


def pseudo_label(recipe: Path, out: Path, threshold: float = 0.9) -> None:
    """Label the test images by an ensemble, the pixels from a probability on.

    Raises:
        DataError: No pixel reaches it.
    """
    if not out.is_file():
        call(
            'pseudo_label.py', str(recipe), '--out', str(out),
            '--threshold', str(threshold),
        )  # fmt: skip


def with_pseudo_labels(file: Path, weight: float = 1.0) -> dict[str, Any]:
    """Return the options that add pseudo labels to a training.

    They are of the images that the table scores, as in the competition, where the test
    images are at hand while one trains; the guard of the evaluation is told so.
    """
    return {
        'train_dataloader.dataset.type': 'PseudoLabelledDataset',
        'train_dataloader.dataset.pseudo': [dict(ann_file=str(file), weight=weight)],
        'default_hooks.trained_images': dict(
            type='TrainedImagesHook', allow_pseudo=True
        ),
    }


def truth(data: Path) -> Any:
    """Return the images with labels that play the test set."""
    return build_dataset(
        dict(
            type='TrashDataset',
            ann_file=TRUTH,
            data_root=str(data),
            pipeline=[],
            test_mode=True,
        )
    )


def score(submission: str | os.PathLike[str], dataset: Any) -> Records:
    """Count a submission at 256 x 256."""
    return score_labels(read_labels(submission), dataset)
