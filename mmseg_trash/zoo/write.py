"""The files that the zoo writes."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from . import tables
from .entries import Entry, entries
from .figures import Counted, count_figures
from .scores import Scores, Speeds, read_scores

BEGIN, END = '<!-- model-zoo:begin -->', '<!-- model-zoo:end -->'
MODELS_MARK = '# Written by tools/model_zoo.py from the configs:\n'
PAGE = 'docs/model_zoo.md'
INDEX = 'model-index.yml'
BY_OTHERS = """Published by others: mIoU on the competition's boards. Cohorts differ
in data, classes and board and cannot be compared.
"""
BY_US = 'Our own runs: global mIoU on held-out images, trained on a CPU.\n'


def _title(entry: Entry) -> str:
    name = entry.name
    height, width = name.crop_size
    length = f'{name.iterations / 1000:g}k iterations'
    return f'{name.method}, {name.dataset} {height}x{width}, {length}'


def _groups(found: Iterable[Entry], level: str, configs: str, speeds: Speeds) -> str:
    text = ''
    for title, rows in groupby(found, key=_title):
        text += f'\n{level} {title}\n\n' + tables.networks(rows, configs, speeds)
    return text


def _measured(speeds: Speeds) -> str:
    return f'Images/s and MiB: {speeds.device}.\n' if speeds.device else ''


def page(found: list[Entry], scores: Scores, counted: list[Counted]) -> str:
    """Return the text of ``docs/model_zoo.md``."""
    text = '# Model zoo\n\nWritten by `tools/model_zoo.py`; do not edit.\n'
    text += tables.NOTE + _measured(scores.speeds)
    text += _groups(found, '##', '../configs', scores.speeds)
    if counted:
        text += '\n## Sizes beside the papers\n\n' + tables.sizes(counted)
    if scores.ours:
        text += f'\n## Scores\n\n{BY_US}\n' + tables.ours(scores.ours, '../configs')
    if scores.published:
        text += f'\n{BY_OTHERS}\n' + tables.published(scores.published)
    return text


def family(found: list[Entry], method: str, scores: Scores) -> str:
    """Return what a family's README shows between the marks."""
    own = [e for e in found if e.name.method == method]
    text = tables.NOTE + _measured(scores.speeds)
    text += _groups(own, '###', '..', scores.speeds)
    runs = [row for row in scores.ours if row.config.startswith(f'{method}_')]
    if runs:
        text += f'\n{BY_US}\n' + tables.ours(runs, '..')
    boards = [row for row in scores.published if row.method == method]
    if boards:
        text += f'\n{BY_OTHERS}\n' + tables.published(boards)
    return text


def between_marks(text: str, body: str) -> str:
    """Return a text with a new body between the zoo's marks, or else at its end."""
    if BEGIN not in text or END not in text:
        text = f'{text.rstrip()}\n\n## Models\n\n{BEGIN}{END}\n'
    head, rest = text.split(BEGIN, 1)
    return f'{head}{BEGIN}\n\n{body}\n{END}{rest.split(END, 1)[1]}'


def metafile(text: str, found: Iterable[Entry], collection: str) -> str:
    """Return a metafile's text with its list of models written anew.

    Args:
        text: The metafile; what stands before the mark (all, if there is none) stays.
        found: The configs of the family.
        collection: Name of the family in the metafile.
    """
    head = text.split(MODELS_MARK, 1)[0].rstrip()
    lines = ['Models:']
    for entry in found:
        folder = f'configs/{entry.name.method}'
        lines += [
            f'  - Name: {entry.path.stem}',
            f'    In Collection: {collection}',
            '    Metadata:',
            f'      Parameters: {entry.complexity.parameters}',
            f'      FLOPs: {2 * entry.complexity.macs}',
            f'    Config: {folder}/{entry.path.name}',
        ]
    return f'{head}\n\n{MODELS_MARK}' + '\n'.join(lines) + '\n'


def index(methods: Iterable[str]) -> str:
    """Return the text of ``model-index.yml``, which lists the metafiles."""
    lines = [f'  - configs/{method}/metafile.yml\n' for method in methods]
    return MODELS_MARK + 'Import:\n' + ''.join(lines)


def documents(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file that the zoo writes, with the text it should have."""
    found = entries(root)
    scores = read_scores(root)
    counted = count_figures(root, scores.figures)
    yield root / PAGE, page(found, scores, counted)
    plain = [e for e in found if e.name.dataset == 'trash']
    readme = root / 'README.md'
    text = readme.read_text(encoding='utf-8')
    yield readme, between_marks(text, tables.overview(plain, 'configs'))
    methods = sorted({e.name.method for e in found})
    yield root / INDEX, index(methods)
    for method in methods:
        folder = root / 'configs' / method
        text = (folder / 'metafile.yml').read_text(encoding='utf-8')
        rows = [e for e in found if e.name.method == method]
        yield folder / 'metafile.yml', metafile(text, rows, method)
        file = folder / 'README.md'
        text = file.read_text(encoding='utf-8')
        yield file, between_marks(text, family(found, method, scores))


def stale(root: Path) -> list[tuple[Path, str]]:
    """Return the files whose text is not what the configs give, with that text."""
    return [
        (file, text)
        for file, text in documents(root)
        if not file.is_file() or file.read_text(encoding='utf-8') != text
    ]
