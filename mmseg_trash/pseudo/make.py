"""Make a data set of pseudo labels."""

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..inference.store import ProbStore
from ..metainfo import IGNORE_INDEX
from ..progress import track
from .rules import Rules
from .sources import Source
from .writer import PseudoWriter, hash_file, hash_names


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        kept: Number of images with labels.
        dropped: ``file_name`` -> why the image has none.
        ignored: Share of the kept images' pixels that are ignored.
        pixels: Class name -> number of pixels.
    """

    kept: int
    dropped: dict[str, str]
    ignored: float
    pixels: dict[str, int]


def make_pseudo_labels(
    source: Source,
    rules: Rules,
    out: str | os.PathLike[str],
    *,
    number: int | None = None,
    soft: bool = False,
    **options: Any,
) -> Made:
    """Label the images of a source, one in memory at a time.

    Args:
        source: The probabilities.
        rules: Which pixels and images count.
        out: The JSON to write.
        number: Of the round; None is one more than the members'.
        soft: Keep the probabilities of the images that count, in the store
            ``<stem of out>_probs`` beside the JSON.
        options: Of the predictor.

    Raises:
        DataError: No image counts, or the members differ in the images.
    """
    target = Path(out)
    stream, classes = source.probs(**options)
    provenance: dict[str, Any] = dict(
        round=source.round if number is None else number,
        rules=asdict(rules),
        members=source.members,
        data_root=source.recipe.data_root,
        source=dict(images=len(source.names), sha256=hash_names(source.names)),
    )
    if source.recipe.data_root is not None:
        ann_file = Path(source.recipe.data_root) / source.recipe.ann_file
        provenance['source'] |= dict(
            file=ann_file.name, file_sha256=hash_file(ann_file)
        )
    store = None
    if soft:
        folder = target.with_name(f'{target.stem}_probs')
        known = dict(rules=asdict(rules), members=source.members)
        store = ProbStore(folder, classes, source=known)
        provenance['probs'] = folder.name
    writer, dropped = PseudoWriter(classes), {}
    counts: Counter[int] = Counter()
    for name, probs in track(stream, len(source.names), 'labelling'):
        label, reason = rules.apply(probs, classes)
        if reason is not None:
            dropped[name] = reason
            continue
        writer.add(name, label)
        values, numbers = np.unique(label, return_counts=True)
        counts.update(dict(zip(values.tolist(), numbers.tolist())))
        if store is not None:
            store.write(name, probs)
    if not writer.images:
        first = next(iter(dropped.items()), None)
        raise DataError(f'{out}: no image counts; the first: {first}')
    kept = {image['file_name'] for image in writer.images}
    provenance |= dict(
        dropped=dropped, images=dict(number=len(kept), sha256=hash_names(kept))
    )
    writer.write(target, provenance)
    pixels = {name: counts[label] for label, name in enumerate(classes)}
    share = counts[IGNORE_INDEX] / max(counts.total(), 1)
    return Made(len(kept), dropped, share, pixels)
