"""Look at data, labels and predictions in the browser."""

import argparse
import os

from mmseg_trash.cli import run
from mmseg_trash.datasets.categories import UNKNOWN_RULES


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'data_root',
        nargs='?',
        default=os.environ.get('TRASH_DATA_ROOT'),
        help='folder with the JSON files and the images; default: TRASH_DATA_ROOT',
    )
    parser.add_argument(
        '--predictions',
        nargs='+',
        default=[],
        metavar='PATH',
        help='submission CSVs, stores of probabilities, folders of label maps',
    )
    parser.add_argument(
        '--allow',
        nargs='+',
        default=[],
        metavar='FOLDER',
        help='further folders in which links of the data root may end',
    )
    parser.add_argument('--configs', default='configs', help='for the playground')
    parser.add_argument(
        '--decisions',
        default='',
        metavar='JSON',
        help="file of the audit's decisions; default: DATA_ROOT/audit.json",
    )
    parser.add_argument(
        '--unknown', choices=UNKNOWN_RULES, help="what the first cohort's UNKNOWN is"
    )
    parser.add_argument(
        '--classes', nargs='+', default=[], metavar='NAME', help='names of your own'
    )
    parser.add_argument(
        '--address', default='localhost', help='interface; default: this machine alone'
    )
    parser.add_argument('--port', type=int, default=8501)
    parser.add_argument(
        '--no-browser', action='store_true', help='do not open a browser'
    )
    args = parser.parse_args(argv)
    if args.data_root is None:
        parser.error('name a data root or set TRASH_DATA_ROOT')
    return args


def main(argv: list[str] | None = None) -> None:
    """Serve the application."""
    args = parse_args(argv)
    from mmseg_trash.app.server import serve
    from mmseg_trash.app.settings import Settings

    settings = Settings(
        args.data_root,
        tuple(args.predictions),
        tuple(args.allow),
        args.configs,
        args.decisions,
        args.unknown,
        tuple(args.classes),
    )
    serve(settings, args.address, args.port, not args.no_browser)


if __name__ == '__main__':
    run(main)
