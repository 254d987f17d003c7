"""Write a new version of a COCO JSON with the decisions of an audit applied."""

import argparse
import hashlib
import json
from pathlib import Path

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES, CategoryRule
from mmseg_trash.datasets.coco import parse_json, read_bytes
from mmseg_trash.datasets.coco_checks import find_faults
from mmseg_trash.datasets.faults import raise_first
from mmseg_trash.errors import DataError
from mmseg_trash.fileio import atomic_write
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1
from mmseg_trash.workbench.decisions import apply_decisions, read_decisions


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('ann_file', help='the JSON; it stays as it is')
    parser.add_argument('decisions', help='file of decisions, e.g. audit.json')
    parser.add_argument('--out', required=True, help='the new JSON, e.g. train_v2.json')
    parser.add_argument('--version', help="info.version; default: the new file's stem")
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='class names of your own'
    )
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace an older version'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Apply the decisions and say how to train on the result."""
    args = parse_args(argv)
    source, out = Path(args.ann_file), Path(args.out)
    if out.exists() and (out.samefile(source) or not args.overwrite):
        raise DataError(f'{out}: exists already; name another file, or --overwrite')
    if not Path(args.decisions).is_file():
        raise FileNotFoundError(f'{args.decisions}: no such file of decisions')
    content = read_bytes(source)
    raw = parse_json(content, str(source))
    usual = CLASSES_COHORT1 if args.unknown == 'class' else CLASSES
    classes = tuple(args.classes or usual)
    rule = CategoryRule(classes, args.unknown)
    if not isinstance(raw, dict) or not isinstance(raw.get('images'), list):
        raise_first(find_faults(raw, rule, str(source)))
    decisions = read_decisions(args.decisions)
    hashes = {
        'sha256': hashlib.sha256(content).hexdigest(),
        'from_version': str((raw.get('info') or {}).get('version', '')),
        'decisions_sha256': hashlib.sha256(
            Path(args.decisions).read_bytes()
        ).hexdigest(),
    }
    version = args.version or out.stem
    coco, counts = apply_decisions(
        raw, decisions, source.name, version, classes, hashes
    )
    # Decisions may mend faults; what is left of them is refused.
    raise_first(find_faults(coco, rule, str(source)))
    with atomic_write(out) as temporary:
        temporary.write_text(json.dumps(coco), encoding='utf-8')
    done = ', '.join(f'{number} {action}' for action, number in sorted(counts.items()))
    before, after = (len(c.get('annotations') or ()) for c in (raw, coco))
    print(f'{out}: version {version} of {source}: {done or "no decisions"}')
    print(
        f'{len(coco["images"])} of {len(raw["images"])} images, {after} of {before} '
        'annotations'
    )
    print(f'Train on it: --cfg-options train_dataloader.dataset.ann_file={out.name}')


if __name__ == '__main__':
    run(main)
