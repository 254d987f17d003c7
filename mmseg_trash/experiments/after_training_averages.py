"""Two more steps after training: weights searched out of fold, and a soup."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..fileio import atomic_write
from ..inference.store import ProbStore
from .after_training import call, predict, words

ALL = 'train_all.json'


def list_fold(data: Path, fold: int) -> Path:
    """Write the JSON of the images that a fold's model was not trained on."""
    listed = data / 'folds' / f'fold{fold}_val.txt'
    names = set(listed.read_text(encoding='utf-8').splitlines())
    content = json.loads((data / ALL).read_text(encoding='utf-8'))
    content.pop('annotations', None)
    content['images'] = [i for i in content['images'] if i['file_name'] in names]
    file = data / f'out_of_fold{fold}.json'
    with atomic_write(file) as temporary:
        temporary.write_text(json.dumps(content), encoding='utf-8')
    return file


def predict_out_of_fold(
    models: Sequence[tuple[str, Path]],
    data: Path,
    out: Path,
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Predict every training image, with views, by the model that has not seen it.

    Args:
        models: Config and checkpoint of each fold.
        data: Folder with the folds' lists.
        out: Gets a store for each fold, and all of them in one.
        options: Overrides that the models were trained with.

    Returns:
        The folder of the one store.
    """
    parts = []
    for fold, model in enumerate(models):
        store = out / f'fold{fold}'
        predict(model, list_fold(data, fold), store, True, options)
        parts.append(ProbStore.open(store / 'probs'))
    source = dict(parts=[part.source for part in parts])
    joined = ProbStore(out / 'all', parts[0].classes, parts[0].kind, source)
    for part in parts:
        for name in part:
            if name not in joined:
                joined.write(name, part.read(name))
    return joined.folder


def weigh(recipe: Path, stores: Sequence[Path], data: Path, out: Path) -> Path:
    """Search the weights of a recipe's members out of fold, and combine by them.

    Args:
        recipe: The ensemble with equal weights.
        stores: Out-of-fold predictions, one store for each member.
        data: Folder of the data.
        out: The submission to write; its recipe lies beside it.

    Returns:
        ``out``.
    """
    content = dict(
        data_root=str(data), members=[dict(store=str(store)) for store in stores]
    )
    search = out.with_name(f'{out.stem}_search.yaml')
    with atomic_write(search) as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    weighted = out.with_suffix('.yaml')
    call(
        'search_weights.py', str(search), '--into', str(recipe), '--out', str(weighted),
        '--ann-file', ALL,
    )  # fmt: skip
    call('ensemble.py', str(weighted), '--out', str(out))
    return out


def weights_of(recipe: Path) -> list[float]:
    """Read the weights of a recipe's members."""
    content = yaml.safe_load(recipe.read_text(encoding='utf-8'))
    return [float(member.get('weight', 1)) for member in content['members']]


def cook(
    models: Sequence[tuple[str, Path]],
    data: Path,
    out: Path,
    options: Mapping[str, Any] | None = None,
) -> tuple[str, Path]:
    """Average checkpoints of one config; batch norms see the training images.

    Args:
        models: The config, the same for all, and a checkpoint each.
        data: Folder of the data.
        out: The checkpoint to write, unless it is newer than what it is made of.
        options: Overrides that the models were trained with.

    Returns:
        The config and ``out``.
    """
    config, files = models[0][0], [checkpoint for _, checkpoint in models]
    newest = max(file.stat().st_mtime for file in files)
    if not out.is_file() or out.stat().st_mtime < newest:
        call(
            'soup.py', config, *map(str, files), '--out', str(out),
            '--data-root', str(data), *words(options or {}),
        )  # fmt: skip
    return config, out
