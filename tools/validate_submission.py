"""Check a submission: python tools/validate_submission.py submission.csv test.json"""

import argparse

from mmseg_trash import cli
from mmseg_trash.inference.submission import validate_submission
from mmseg_trash.metainfo import NUM_CLASSES


def main(argv: list[str] | None = None) -> int:
    """Print every fault; return 1 when one of them is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('csv', help='the submission')
    parser.add_argument('json', help="the test set's COCO JSON")
    parser.add_argument(
        '--num-classes', type=int, default=NUM_CLASSES, help='12 for the first cohort'
    )
    args = parser.parse_args(argv)
    faults = validate_submission(args.csv, args.json, args.num_classes)
    for fault in faults:
        print(fault)
    errors = sum(fault.level == 'error' for fault in faults)
    verdict = 'not usable' if errors else 'good to hand in'
    print(f'{args.csv}: {errors} errors, {len(faults) - errors} warnings; {verdict}')
    return 1 if errors else 0


if __name__ == '__main__':
    cli.run(main)
