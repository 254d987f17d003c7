"""Hand annotations over to FiftyOne or CVAT, and take them back.

handover.py export train.json OUT --to cvat|fiftyone [--predictions FOLDER]
handover.py import IN train_corrected.json [--like train.json]
"""

import argparse
from pathlib import Path

from mmseg_trash.cli import run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True)
    out = commands.add_parser('export', help='COCO to FiftyOne or CVAT')
    out.add_argument('annotations', type=Path, help='COCO JSON')
    out.add_argument('out', type=Path, help='folder to write into')
    out.add_argument('--to', choices=('cvat', 'fiftyone'), required=True)
    out.add_argument(
        '--images', type=Path,
        help="folder of the photographs, or of images/; default: the JSON's",
    )  # fmt: skip
    out.add_argument(
        '--predictions', type=Path,
        help='submission, store or folder of label maps, as a second set of labels',
    )  # fmt: skip
    out.add_argument(
        '--copy-images', action='store_true',
        help='FiftyOne: copy the photographs, so that the folder can be moved',
    )  # fmt: skip
    back = commands.add_parser('import', help='FiftyOne or CVAT to COCO')
    back.add_argument(
        'source', type=Path, help="CVAT's XML or ZIP file, or FiftyOne's folder"
    )
    back.add_argument('out', type=Path, help='COCO JSON to write')
    back.add_argument(
        '--like', type=Path,
        help='the COCO JSON that was handed over: classes and ids are taken from it',
    )  # fmt: skip
    back.add_argument(
        '--fields', nargs='+', help='FiftyOne: fields to read; default: polygons masks'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Convert, and say how much was written where."""
    args = parse_args(argv)
    from mmseg_trash.handover.convert import export_album, import_album

    if args.command == 'import':
        album = import_album(args.source, args.out, args.like, args.fields)
        target = args.out
    else:
        images = args.images or args.annotations.parent
        album, target = export_album(
            args.annotations, args.out, args.to, images, args.predictions,
            args.copy_images,
        )  # fmt: skip
    objects = sum(len(picture.shapes) for picture in album.pictures)
    print(f'{target}: {len(album.pictures)} photographs, {objects} objects')


if __name__ == '__main__':
    run(main)
