"""The zoo's tables in Markdown."""

from collections.abc import Iterable

from .entries import SIDE, Entry
from .figures import Counted
from .scores import Own, Published, Speeds


def markdown(header: list[str], rows: Iterable[list[str]], right: str = '') -> str:
    """Return a Markdown table.

    Args:
        header: Titles of the columns. A column that is empty in all rows is left out.
        rows: Cells.
        right: Titles, separated by ``|``, of columns that hold numbers.
    """
    cells = list(rows)
    kept = [i for i in range(len(header)) if any(row[i] for row in cells)]
    numbers = right.split('|')
    lines = [
        [header[i] for i in kept],
        ['---:' if header[i] in numbers else '---' for i in kept],
        *([row[i] for i in kept] for row in cells),
    ]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def networks(found: Iterable[Entry], configs: str, speeds: Speeds) -> str:
    """Return the table of configs, one line each.

    Args:
        found: The configs, in order.
        configs: Path from the page to the folder ``configs``.
        speeds: Measured speeds.
    """
    rows = []
    for entry in found:
        name, cost = entry.name, entry.complexity
        speed = speeds.rows.get(entry.path.stem, {})
        macs = cost.giga_macs
        if entry.complexity_at_crop:
            macs += f' ({entry.complexity_at_crop.giga_macs})'
        source = entry.weights
        rows.append(
            [
                f'[{name.backbone}-{name.size}]'
                f'({configs}/{name.method}/{entry.path.name})',
                name.pretrain or 'in1k',
                ', '.join(name.tags),
                cost.mega_parameters,
                macs,
                f'{speed["images_per_second"]:.2f}' if speed else '',
                f'{speed["memory_mib"]:.0f}' if 'memory_mib' in speed else '',
                entry.recipe,
                f'{source.link}, {source.licence}' if source else 'none',
            ]
        )
    header = [
        'Backbone', 'Start', 'Change', 'Params (M)', 'GMACs', 'Images/s', 'MiB',
        'Recipe', 'Weights, licence',
    ]  # fmt: skip
    return markdown(header, rows, 'Params (M)|GMACs|Images/s|MiB')


def overview(found: Iterable[Entry], configs: str) -> str:
    """Return the table of methods, one line each.

    Args:
        found: The configs.
        configs: Path from the page to the folder ``configs``.
    """
    rows = []
    entries = list(found)
    for method in sorted({e.name.method for e in entries}):
        own = [e for e in entries if e.name.method == method]
        licences = sorted({e.weights.licence for e in own if e.weights})
        rows.append(
            [
                f'[{method}]({configs}/{method}/README.md)',
                _backbones(own),
                str(len(own)),
                _span([e.complexity.parameters / 1e6 for e in own]),
                _span([e.complexity.macs / 1e9 for e in own]),
                ', '.join(licences),
            ]
        )
    header = [
        'Method', 'Backbones', 'Configs', 'Params (M)', 'GMACs', 'Licences of weights',
    ]  # fmt: skip
    return markdown(header, rows, 'Configs|Params (M)|GMACs')


def _backbones(found: list[Entry]) -> str:
    sizes: dict[str, list[str]] = {}
    for entry in sorted(found, key=lambda e: e.complexity.parameters):
        known = sizes.setdefault(entry.name.backbone, [])
        if entry.name.size not in known:
            known.append(entry.name.size)
    return '; '.join(f'{kind} {", ".join(n)}' for kind, n in sorted(sizes.items()))


def _span(values: list[float]) -> str:
    low, high = f'{min(values):.0f}', f'{max(values):.0f}'
    return low if low == high else f'{low}–{high}'


def published(rows: Iterable[Published]) -> str:
    """Return the table of scores that others published."""
    return markdown(
        ['Cohort', 'Model', 'Public', 'Private', 'Recipe'],
        (
            [
                str(row.cohort),
                row.model,
                f'{row.public:.4f}',
                '' if row.private is None else f'{row.private:.4f}',
                row.recipe,
            ]
            for row in rows
        ),
        'Cohort|Public|Private',
    )


def ours(rows: Iterable[Own], configs: str) -> str:
    """Return the table of this project's own runs."""
    return markdown(
        ['Config', 'Data', 'mIoU (%)'],
        (
            [
                f'[{row.config}]({configs}/{row.config.split("_")[0]}/{row.config}.py)',
                row.data,
                f'{row.miou:.1f}',
            ]
            for row in rows
        ),
        'mIoU (%)',
    )


def sizes(rows: Iterable[Counted]) -> str:
    """Return the table of parameters beside the papers'."""
    return markdown(
        ['Config', 'Classes', 'Ours (M)', 'Paper (M)', 'Paper'],
        (
            [
                row.figure.config.split('_1xb8')[0],
                str(row.figure.classes),
                f'{row.parameters / 1e6:.2f}',
                row.figure.parameters,
                row.figure.source,
            ]
            for row in rows
        ),
        'Classes|Ours (M)|Paper (M)',
    )


NOTE = f"""Parameters in millions, auxiliary heads included. GMACs: multiply-accumulate
operations (half the FLOPs), in thousand millions, of backbone, neck and decode head for
one image of {SIDE}x{SIDE}; in brackets for one of the config's crop.
"""
