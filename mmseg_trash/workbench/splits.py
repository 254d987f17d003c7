"""Compare splits and folds: does a part of the data look like the rest, by class?

The distance is Jensen and Shannon's (Lin, "Divergence Measures Based on the Shannon
Entropy", 1991; Endres and Schindelin, 2003): the root of the divergence to base 2, from
0 (alike) to 1 (nothing in common). Small parts differ by chance; the share of random
divisions that differ as much tells whether more than chance is at work.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..datasets.check import JSON_FILES
from ..datasets.label_cache import LabelRule
from ..datasets.subsets import read_subset
from .eda import SIZE_EDGES
from .survey import Survey, open_survey
from .tables import find_bins

MEASURES = ('images', 'pixels', 'objects', 'sizes')
"""``images``: share of images that show the class. ``pixels``: its share of the pixels.
``objects``: its share of the objects. ``sizes``: how its objects' shares of the image
are distributed (bins of `eda.SIZE_EDGES`)."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SplitDistance:
    """How far two parts of the data lie apart for one class.

    Attributes:
        first: Name of a part.
        second: Name of another.
        label: The class.
        measure: One of `MEASURES`.
        values: The class's share in each part; for sizes the median share of the image.
        distance: Jensen-Shannon distance, 0 to 1; NaN where a part lacks the class's
            objects.
        chance: Share of random divisions of the same images that lie as far apart;
            small is suspicious. NaN like ``distance``.
    """

    first: str
    second: str
    label: int
    measure: str
    values: tuple[float, float]
    distance: float
    chance: float


def open_splits(
    data_root: str | os.PathLike[str],
    label_rule: LabelRule | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    allowed: Sequence[Path] = (),
) -> dict[str, Survey]:
    """Open those of train_all, train, val and test.json that a data root has.

    The arguments are those of `survey.open_survey`.

    Raises:
        FileNotFoundError: It has none.
        DataError: One has a fault.
    """
    root = Path(data_root)
    files = [name for name in JSON_FILES if (root / name).is_file()]
    if not files:
        raise FileNotFoundError(f'{root}: holds none of {", ".join(JSON_FILES)}')
    return {
        Path(name).stem: open_survey(
            name, root, '', label_rule, cache_dir, allowed=allowed
        )
        for name in files
    }


def fold_splits(survey: Survey) -> dict[str, Survey]:
    """Return the validation part of each fold of ``folds/`` beside the JSON.

    Args:
        survey: That of train_all.json.

    Raises:
        DataError: A list has a fault.
    """
    row_of = {name: row for row, name in enumerate(survey.names)}
    parts = {}
    for path in sorted((survey.ann_file.parent / 'folds').glob('fold*_val.txt')):
        names = read_subset(path, survey.names, str(survey.ann_file))
        rows = np.array([row_of[name] for name in names], np.int64)
        fold = path.stem.removesuffix('_val')
        parts[fold] = survey.take(rows, fold)
    return parts


def compare_splits(
    splits: Mapping[str, Survey], rounds: int = 200, seed: int = 0
) -> list[SplitDistance]:
    """Compare every two parts, class by class.

    Args:
        splits: Name -> part, of the same classes. Parts without labels and pairs that
            share images (a fold and the whole) are left out.
        rounds: Random divisions that ``chance`` is counted over.
        seed: Seed of the divisions.

    Returns:
        For each pair, measure and class.
    """
    labelled = [(name, part) for name, part in splits.items() if part.has_labels]
    found = []
    for place, (first, one) in enumerate(labelled):
        for second, other in labelled[place + 1 :]:
            if not set(one.names) & set(other.names):
                found += _compare(first, one, second, other, rounds, seed)
    return found


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Return the distance of distributions.

    Args:
        p: (..., K) counts or shares, not negative; brought to the sum 1.
        q: The same.

    Returns:
        (...) from 0 to 1; NaN where a sum is 0.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        p = p / p.sum(axis=-1, keepdims=True)
        q = q / q.sum(axis=-1, keepdims=True)
        middle = (p + q) / 2
        terms = [np.where(x > 0, x * np.log2(x / middle), 0 * x) for x in (p, q)]
    divergence = (terms[0] + terms[1]).sum(axis=-1) / 2
    return np.asarray(np.sqrt(np.clip(divergence, 0, 1)))


def _compare(
    first: str, one: Survey, second: str, other: Survey, rounds: int, seed: int
) -> list[SplitDistance]:
    classes, number = len(one.classes), len(one)
    tables = [np.concatenate(pair) for pair in zip(_by_image(one), _by_image(other))]
    generator = np.random.default_rng(seed)
    # Line 0 is the real division; each further one draws as many images at random.
    drawn = np.zeros((rounds + 1, number + len(other)))
    drawn[0, :number] = 1
    for line in drawn[1:]:
        line[generator.permutation(len(line))[:number]] = 1
    found = []
    for measure, table in zip(MEASURES, tables):
        flat = table.reshape(len(table), -1)
        inside = (drawn @ flat).reshape(rounds + 1, classes, -1)
        outside = flat.sum(axis=0).reshape(classes, -1) - inside
        distance = jensen_shannon(inside, outside)
        for label in range(classes):
            real, random = distance[0, label], distance[1:, label]
            random = random[~np.isnan(random)]
            as_far = np.append(random >= real - 1e-12, True).mean()
            chance = float('nan') if np.isnan(real) else float(as_far)
            if measure == 'sizes':
                values = _median_share(one, label), _median_share(other, label)
            else:
                values = _share(inside[0, label]), _share(outside[0, label])
            distances = float(real), chance
            found.append(
                SplitDistance(first, second, label, measure, values, *distances)
            )
    return found


def _by_image(survey: Survey) -> tuple[Floats, Floats, Floats, Floats]:
    """Return what each measure adds up: (N, C, 2) three times, then (N, C, sizes)."""
    shown = survey.class_counts > 0
    pixels = survey.class_counts.astype(np.float64)
    number, classes = shown.shape
    objects, sizes = survey.objects, np.zeros((number, classes, len(SIZE_EDGES) - 1))
    place = find_bins(survey.shares.clip(SIZE_EDGES[0], SIZE_EDGES[-1]), SIZE_EDGES)
    np.add.at(sizes, (objects.image, objects.label, place), 1)
    counts = sizes.sum(axis=2)

    def against_rest(values: Floats) -> Floats:
        return np.stack([values, values.sum(1, keepdims=True) - values], axis=2)

    images = np.stack([shown, ~shown], axis=2).astype(np.float64)
    return images, against_rest(pixels), against_rest(counts), sizes


def _share(pair: Floats) -> float:
    return float(pair[0] / pair.sum()) if pair.sum() else float('nan')


def _median_share(survey: Survey, label: int) -> float:
    shares = survey.shares[survey.objects.label == label]
    return float(np.median(shares)) if len(shares) else float('nan')
