"""List suspicious labels and images of a data set, the most suspicious first."""

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES, CategoryRule
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder with train.json, val.json, ...')
    parser.add_argument(
        '--ann-file', nargs='+', default=[], metavar='JSON', help='default: the usual'
    )
    parser.add_argument('--out', help='CSV to write all findings to')
    parser.add_argument('--top', type=int, default=50, help='findings to print')
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='class names of your own'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Print the findings and how many there are of each rule."""
    args = parse_args(argv)
    from mmseg_trash.datasets.label_cache import LabelRule
    from mmseg_trash.workbench.audit import run_audit
    from mmseg_trash.workbench.report import write_findings

    usual = CLASSES_COHORT1 if args.unknown == 'class' else CLASSES
    rule = LabelRule(CategoryRule(tuple(args.classes or usual), args.unknown))
    findings = run_audit(args.data_root, args.ann_file, rule)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for finding in findings[: args.top]:
        console.print(f'{finding.score:.2f} {finding.rule}: {finding}')
    if args.out:
        write_findings(Path(args.out), findings)
    rules = Counter(finding.rule for finding in findings)
    summary = ', '.join(f'{number} {name}' for name, number in rules.most_common())
    console.print(f'{args.data_root}: {len(findings)} findings: {summary or "none"}')


if __name__ == '__main__':
    run(main)
