"""Images to predict, however they are named: JSON, folder, pattern, single files."""

import glob
import json
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ..errors import DataError
from ..fileio import atomic_write

SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'})


def find_inputs(names: Sequence[str], data_root: str | None = None) -> tuple[str, list]:
    """Find the images that a command line names.

    Args:
        names: One COCO JSON; or folders (searched through), patterns, images.
        data_root: Folder of the JSON's images; None is the JSON's own.

    Returns:
        The root, and either the one JSON below or beside it, or the images, sorted.

    Raises:
        FileNotFoundError: A name leads to nothing.
        DataError: There are no images, or a JSON stands beside other names.
    """
    files: list[Path] = []
    for name in names:
        path = Path(name)
        if path.suffix == '.json':
            if len(names) > 1:
                raise DataError(f'{name}: a JSON stands alone')
            if not path.is_file():
                raise FileNotFoundError(f'{name}: no such file')
            return data_root or str(path.parent), [path]
        if path.is_dir():
            found = [p for p in path.rglob('*') if p.suffix.lower() in SUFFIXES]
        elif path.is_file():
            found = [path]
        else:
            found = [Path(p) for p in glob.glob(name, recursive=True)]  # noqa: PTH207
            found = [p for p in found if p.suffix.lower() in SUFFIXES]
            if not found:
                raise FileNotFoundError(f'{name}: no such image, folder or pattern')
        files += found
    files = sorted({file.absolute() for file in files})
    if not files:
        raise DataError(f'{names[0]}: holds no image ({", ".join(sorted(SUFFIXES))})')
    return os.path.commonpath([file.parent for file in files]), files


def write_json(files: Sequence[Path], root: str, out: Path) -> None:
    """Write a COCO JSON of images without annotations.

    Args:
        files: The images.
        root: Folder that ``file_name`` is relative to.
        out: The JSON.

    Raises:
        DataError: A file is no image.
    """
    images = []
    for number, file in enumerate(files):
        try:
            with Image.open(file) as image:
                width, height = image.size
        except OSError as error:
            raise DataError(f'{file}: is no image: {error}') from error
        name = file.relative_to(root).as_posix()
        images.append(dict(id=number, file_name=name, height=height, width=width))
    with atomic_write(out) as temporary:
        temporary.write_text(json.dumps(dict(images=images)), encoding='utf-8')
