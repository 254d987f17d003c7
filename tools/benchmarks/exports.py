"""Which methods go to ONNX and torch.export: python tools/benchmarks/exports.py

Exports the smallest network of each method, compares each file with its model, and
writes the table of docs/serving.md. Methods that are named are done again; without any,
those that are missing.
"""

import argparse
from pathlib import Path

from mmseg_trash import cli

ROOT = Path(__file__).parents[2]


def main(argv: list[str] | None = None) -> None:
    """Examine methods and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('methods', nargs='*')
    args = parser.parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.export import survey
    from mmseg_trash.launch import quiet

    quiet()
    file = ROOT / 'docs' / 'exports.json'
    rows = survey.read_rows(file)
    there = {p.parent.name: p for p in sorted(ROOT.glob('configs/*/metafile.yml'))}
    for method in args.methods or [m for m in there if m not in rows]:
        if method not in there:
            raise ConfigError(f'{method}: no such method; there are {sorted(there)}')
        path = ROOT / survey.smallest(there[method])
        found = survey.examine(path)
        # Read anew: several of these may run at a time.
        rows = survey.read_rows(file)
        rows[method] = dict(config=path.stem.split('_')[1], **found)
        survey.write_rows(file, rows)
    survey.write_table(ROOT / 'docs' / 'serving.md', rows)


if __name__ == '__main__':
    cli.run(main)
