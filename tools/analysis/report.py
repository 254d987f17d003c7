"""Write a folder that shows a data set and its audit, to open without a server."""

import argparse
from pathlib import Path

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES, CategoryRule
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder with train.json, val.json, ...')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--main', help='part whose charts are drawn; default: train')
    parser.add_argument('--probs', help='store of out-of-fold probabilities')
    parser.add_argument('--title', help='title of the page')
    parser.add_argument('--folds', action='store_true', help='compare the folds too')
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='class names of your own'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the report and say where it is."""
    args = parse_args(argv)
    from mmseg_trash.datasets.label_cache import LabelRule
    from mmseg_trash.errors import DataError
    from mmseg_trash.workbench.audit import run_audit
    from mmseg_trash.workbench.predictions import open_predictions
    from mmseg_trash.workbench.quality import label_quality, quality_findings
    from mmseg_trash.workbench.report import write_report
    from mmseg_trash.workbench.splits import fold_splits, open_splits

    usual = CLASSES_COHORT1 if args.unknown == 'class' else CLASSES
    rule = LabelRule(CategoryRule(tuple(args.classes or usual), args.unknown))
    parts = open_splits(args.data_root, rule)
    chosen = args.main or ('train' if 'train' in parts else next(iter(parts)))
    if chosen not in parts:
        raise DataError(f'--main {chosen}: the parts are {", ".join(parts)}')
    findings = run_audit(args.data_root, label_rule=rule)
    if args.probs:
        probs = open_predictions(args.probs)
        for part in parts.values():
            if part.has_labels and any(name in probs for name in part.names):
                findings += quality_findings(part, label_quality(part, probs))
    if args.folds and 'train_all' in parts:
        parts |= fold_splits(parts['train_all'])
    title = args.title or Path(args.data_root).resolve().name
    print(write_report(parts, findings, args.out, title, chosen))


if __name__ == '__main__':
    run(main)
