"""The zoo's tables and metafiles, counted from its configs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

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
    """Build every network of the zoo without memory or weights, and count.

    Configs that differ in data, schedule or losses share a network, built once.
    """
    known: dict[str, Complexity] = {}
    result = []
    for path in leaves(root):
        cfg = load_config(path, from_scratch=True)
        network = repr(_without_losses(cfg.model.to_dict()))
        if network not in known:
            known[network] = count(build_model(cfg, 'meta'), SIDE, SIDE)
        result.append(Entry(path, parse(path), known[network]))
    return sorted(result, key=_order)


def _without_losses(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {k: v for k, v in node.items() if k != 'loss_decode'}
        return {k: _without_losses(v) for k, v in sorted(kept.items())}
    return [_without_losses(n) for n in node] if isinstance(node, list) else node


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
    rows = list(found)
    tagged = any(entry.name.tags for entry in rows)
    change = ' Change |' if tagged else ''
    rule = '---|' if tagged else ''
    lines = [f'| Backbone | Start |{change} Params (M) | GMACs | Config |']
    lines += [f'|---|---|{rule}---:|---:|---|']
    for entry in rows:
        name = entry.name
        change = f' {", ".join(name.tags) or "–"} |' if tagged else ''
        lines.append(
            f'| {name.backbone}-{name.size} | {name.pretrain or "in1k"} |{change} '
            f'{entry.complexity.mega_parameters} | {entry.complexity.giga_macs} '
            f'| [config]({folder}/{name.method}/{entry.path.name}) |'
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
