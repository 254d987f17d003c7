"""From COCO to the other formats and back, files to files."""

from collections.abc import Sequence
from pathlib import Path

from ..datasets.images import find_image_folder
from ..metainfo import CLASSES
from .album import Album
from .coco_json import read_coco, write_coco
from .cvat_reader import INNER, read_cvat
from .cvat_writer import write_cvat
from .fiftyone_reader import read_fiftyone
from .fiftyone_schema import MASKS, POLYGONS
from .fiftyone_writer import write_fiftyone
from .predictions import read_predictions


def export_album(
    annotations: Path,
    out: Path,
    kind: str,
    images: Path,
    predictions: Path | None = None,
    copy: bool = False,
) -> tuple[Album, Path]:
    """Write a COCO file's photographs and objects in another format.

    Args:
        annotations: The COCO file.
        out: Folder to write into.
        kind: ``cvat`` or ``fiftyone``.
        images: Folder of the photographs, or of ``images/`` with them; for FiftyOne.
        predictions: See :func:`read_predictions`; None for none.
        copy: See :func:`write_fiftyone`.

    Returns:
        The album, and what was written.

    Raises:
        FileNotFoundError, DataError: Something is missing or wrong.
    """
    album, _ = read_coco(annotations)
    own = [name for name in album.classes if name != CLASSES[0]]
    labels = CLASSES if set(own) <= set(CLASSES) else (CLASSES[0], *own)
    rows = read_predictions(album, predictions, len(labels)) if predictions else ()
    if kind == 'cvat':
        write_cvat(album, out / INNER, rows, labels)
        return album, out / INNER
    folder = find_image_folder(images, [p.file_name for p in album.pictures])
    write_fiftyone(album, out, folder, rows, labels, copy)
    return album, out


def import_album(
    source: Path,
    out: Path,
    like: Path | None = None,
    fields: Sequence[str] | None = None,
) -> Album:
    """Write what FiftyOne or CVAT exported as a COCO file.

    Args:
        source: FiftyOne's folder, or CVAT's XML or ZIP file.
        out: The COCO file.
        like: The COCO file that was handed over; its classes and ids are used.
        fields: Fields of FiftyOne's samples; None for those that an export writes.

    Returns:
        The album that was written.

    Raises:
        FileNotFoundError, DataError: Something is missing or wrong.
    """
    classes, content = CLASSES, None
    if like is not None:
        original, content = read_coco(like)
        classes = original.classes
    if source.is_dir():
        album = read_fiftyone(source, classes, fields or (POLYGONS, MASKS))
    elif source.is_file():
        album = read_cvat(source, classes)
    else:
        raise FileNotFoundError(f'{source}: no such file or folder')
    write_coco(album, out, content)
    return album
