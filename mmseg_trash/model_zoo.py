"""The zoo's tables and metafiles, counted from its configs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from .config import build_model, load_config
from .config_name import ConfigName, parse
from .models.complexity import Complexity, count

SIDE = 512
"""Height and width of the image for which operations are counted."""

BEGIN, END = '<!-- model-zoo:begin -->', '<!-- model-zoo:end -->'
MODELS_MARK = '# Written by tools/model_zoo.py from the configs:\n'
PAGE = 'docs/model_zoo.md'
INTRO = f"""# Model zoo

Written by `tools/model_zoo.py` from the configs; do not edit. Parameters in millions,
auxiliary heads included. GMACs: multiply-accumulate operations (half the FLOPs), in
thousand millions, of backbone and decode head for one image of {SIDE}x{SIDE}.
"""


@dataclass(frozen=True)
class Entry:
    """One config of the zoo."""

    path: Path
    name: ConfigName
    complexity: Complexity


def leaves(root: Path) -> list[Path]:
    """Return the configs of the zoo (all but the bases), sorted.

    Args:
        root: Root of the project.

    Raises:
        FileNotFoundError: There are none.
    """
    folders = [p for p in (root / 'configs').glob('*') if not p.name.startswith('_')]
    found = sorted(p for folder in folders for p in folder.glob('*.py'))
    if not found:
        raise FileNotFoundError(f'{root / "configs"}: holds no configs')
    return found


def entries(root: Path) -> list[Entry]:
    """Build every config of the zoo without memory or weights, and count."""
    result = []
    for path in leaves(root):
        model = build_model(load_config(path, from_scratch=True), 'meta')
        result.append(Entry(path, parse(path), count(model, SIDE, SIDE)))
    return sorted(result, key=_order)


def _order(entry: Entry) -> tuple:
    name = entry.name
    size = entry.complexity.parameters
    return (name.method, name.dataset, name.crop_size, name.iterations, size, name.tags)


def _title(entry: Entry) -> str:
    name = entry.name
    height, width = name.crop_size
    length = f'{name.iterations // 1000}k iterations'
    return f'{name.method}, {name.dataset} {height}x{width}, {length}'


def table(found: Iterable[Entry], folder: str) -> str:
    """Return a Markdown table, one line per config.

    Args:
        found: The configs, in order.
        folder: Path from the page to the folder ``configs``.
    """
    lines = ['| Backbone | Start | Change | Params (M) | GMACs | Config |']
    lines += ['|---|---|---|---:|---:|---|']
    for entry in found:
        name = entry.name
        link = f'[config]({folder}/{name.method}/{entry.path.name})'
        lines.append(
            f'| {name.backbone}-{name.size} | {name.pretrain or "in1k"} '
            f'| {", ".join(name.tags)} | {entry.complexity.mega_parameters} '
            f'| {entry.complexity.giga_macs} | {link} |'
        )
    return '\n'.join(lines) + '\n'


def page(found: list[Entry]) -> str:
    """Return the text of ``docs/model_zoo.md``."""
    text = INTRO
    for title, rows in groupby(found, key=_title):
        text += f'\n## {title}\n\n' + table(rows, '../configs')
    return text


def readme(text: str, found: list[Entry]) -> str:
    """Return README's text with a new table of the plain configs for the photographs.

    Raises:
        ValueError: The marks of the table are missing.
    """
    if BEGIN not in text or END not in text:
        raise ValueError(f'README.md: lacks {BEGIN} and {END}')
    rows = [e for e in found if e.name.dataset == 'trash' and not e.name.tags]
    body = ''
    for method in sorted({e.name.method for e in rows}):
        body += f'\n**{method}**\n\n'
        body += table([e for e in rows if e.name.method == method], 'configs')
    head, rest = text.split(BEGIN, 1)
    return f'{head}{BEGIN}\n{body}\n{END}{rest.split(END, 1)[1]}'


def metafile(text: str, found: Iterable[Entry], collection: str) -> str:
    """Return a metafile's text with its list of models written anew.

    Args:
        text: The metafile; what stands before the mark is kept.
        found: The configs of the family.
        collection: Name of the family in the metafile.

    Raises:
        ValueError: The mark is missing.
    """
    if MODELS_MARK not in text:
        raise ValueError(f'metafile of {collection}: lacks {MODELS_MARK.strip()!r}')
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
    return text.split(MODELS_MARK, 1)[0] + MODELS_MARK + '\n'.join(lines) + '\n'


def documents(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file that the zoo writes, with the text it should have."""
    found = entries(root)
    yield root / PAGE, page(found)
    readme_file = root / 'README.md'
    yield readme_file, readme(readme_file.read_text(encoding='utf-8'), found)
    for method in sorted({e.name.method for e in found}):
        file = root / 'configs' / method / 'metafile.yml'
        rows = [e for e in found if e.name.method == method]
        text = file.read_text(encoding='utf-8')
        yield file, metafile(text, rows, method)


def stale(root: Path) -> list[tuple[Path, str]]:
    """Return the files whose text is not what the configs give, with that text."""
    return [
        (file, text)
        for file, text in documents(root)
        if not file.is_file() or file.read_text(encoding='utf-8') != text
    ]
