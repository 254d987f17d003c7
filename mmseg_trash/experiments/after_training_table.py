"""The rows and the page of what the steps after training add."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..inference.submission_format import SIZE
from .after_training import Entry, score
from .bootstrap import paired_bootstrap
from .page import Heading, Page, Picture, Table, Text

CRF = dict(crf='pydensecrf')
BACK = dict(crf='pydensecrf', write_back=True)
ONE, BOTH, ALL = 'one network', 'ensemble of both architectures + views', 'all of these'
SEARCHED, SOUP = 'both architectures + views, searched weights', 'soup of the folds'
SCORES = ('global', 'by image', 'by batch')
HEADER = ('what', *SCORES, 'change of global', '95 % of images')
KEYS = ('mIoU_256', 'mIoU_image_256', 'mIoU_batch_256')
NOTE = """mIoU at 256x256 in per cent, the size that the competition scores: global, by
image, and by batch of 8. The validation images play the test set; nothing was chosen by
them. The change is against one network, with the interval when the images are drawn
with replacement, the same ones for both. It says what other images would change, not
what another seed of the training would: small networks that train for minutes differ
by a point for that alone. Searched weights are chosen by out-of-fold predictions of the
training images. The soup averages the folds' checkpoints. Pseudo labels are those of
the ensemble of everything for the scored images, their pixels at .9 and more; the
network is trained again, from the same start, on both."""


def entries(folds: Sequence[str], second: Sequence[str]) -> list[Entry]:
    """Return the rows that are an ensemble of stores with equal weights.

    Args:
        folds: Names of the first architecture's folds.
        second: Names of the second's.
    """
    views = [f'{name}_tta' for name in folds]
    others = [f'{name}_tta' for name in second]
    every = ['single_tta', 'second_tta', *views, *others]
    return [
        Entry(ONE, ['single']),
        Entry('+ views (TTA)', ['single_tta']),
        Entry('ensemble of the folds', list(folds)),
        Entry('ensemble of the folds + views', views),
        Entry(SOUP, ['soup']),
        Entry('second architecture', ['second']),
        Entry('second architecture + views', ['second_tta']),
        Entry('folds of the second architecture + views', others),
        Entry(BOTH, ['single_tta', 'second_tta']),
        Entry(ALL, every),
        Entry('all + CRF', every, CRF),
        Entry('all + CRF + write-back', every, BACK),
        Entry('one network + CRF', ['single'], CRF),
    ]


def rows_of(submissions: Mapping[str, Path], dataset: Any) -> list[list[str]]:
    """Score submissions and compare each with that of one network.

    Args:
        submissions: Title -> CSV; :data:`ONE` is among them.
        dataset: The labels.

    Returns:
        Rows under :data:`HEADER`.
    """
    found = {title: score(file, dataset) for title, file in submissions.items()}
    rows = []
    for title, records in found.items():
        metrics = records.metrics()
        cells = ['', '']
        if title != ONE:
            change = paired_bootstrap([found[ONE]], [records], size=SIZE)
            cells = [f'{change.difference:+.2f}', str(change)]
        rows.append([title, *(f'{metrics[key]:.2f}' for key in KEYS), *cells])
    return rows


def page_of(found: Mapping[str, Mapping[str, Any]], out: Path) -> str:
    """Return the page of all that was measured.

    Args:
        found: Name of the data -> how it was made, rows (those of earlier measurements
            have no change), searched weights, and a remark if there is one.
        out: Folder of the page and its pictures.
    """
    page = Page('After training')
    page.add(Text(NOTE))
    for name, entry in found.items():
        page.add(Heading(name))
        page.add(Text(entry['made']))
        page.add(Table(HEADER[: len(entry['rows'][0])], entry['rows']))
        if 'weights' in entry:
            weights = ', '.join(f'{weight:.3f}' for weight in entry['weights'])
            page.add(Text(f'Searched weights of the two architectures: {weights}.'))
        if 'remark' in entry:
            page.add(Text(entry['remark']))
        picture = out / f'after_training_{name}.jpg'
        page.add(Picture(picture, 'photograph, truth, and what the steps change'))
    return page.markdown(out)
