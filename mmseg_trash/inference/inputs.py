"""Images to predict, however they are named: JSON, folder, pattern, single files."""

import glob
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from ..errors import DataError
from ..fileio import atomic_write

SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'})
_ORIENTATION, _TURNED = 0x0112, range(5, 9)  # EXIF: its tag, and what swaps the sides
_TIFF_SIZE = 0x0100, 0x0101  # tags of width and height


def find_inputs(
    names: Sequence[str],
    data_root: str | None = None,
    leave_out: Sequence[Path] = (),
) -> tuple[str, list]:
    """Find the images that a command line names.

    Args:
        names: One COCO JSON; or folders (searched through, hidden files left out),
            patterns, images.
        data_root: Folder of the JSON's images; None is the JSON's own.
        leave_out: Folders below which no image counts, such as those written to.

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
            found = [
                p
                for p in path.rglob('*')
                if p.suffix.lower() in SUFFIXES and not p.name.startswith('.')
            ]
        elif path.is_file():
            found = [path]
        else:
            found = [Path(p) for p in glob.glob(name, recursive=True)]  # noqa: PTH207
            found = [p for p in found if p.suffix.lower() in SUFFIXES]
            if not found:
                raise FileNotFoundError(f'{name}: no such image, folder or pattern')
        files += found
    written = {folder.resolve() for folder in leave_out}
    files = sorted(
        {file.absolute() for file in files if not written & {*file.resolve().parents}}
    )
    if not files:
        raise DataError(f'{names[0]}: holds no image ({", ".join(sorted(SUFFIXES))})')
    return os.path.commonpath([file.parent for file in files]), files


def write_json(files: Sequence[Path], root: str, out: Path) -> dict[str, str]:
    """Write a COCO JSON of images without annotations.

    Args:
        files: The images.
        root: Folder that ``file_name`` is relative to.
        out: The JSON.

    Returns:
        What is left out: ``file_name`` -> why it is no image.

    Raises:
        DataError: No file is an image.
    """
    images, broken = [], {}
    for number, file in enumerate(files):
        name = file.relative_to(root).as_posix()
        try:
            with Image.open(file) as image:
                width, height = image.size
                if isinstance(image, TiffImageFile):  # of which some Pillows turn size
                    width, height = (int(image.tag_v2[tag]) for tag in _TIFF_SIZE)
                if image.getexif().get(_ORIENTATION) in _TURNED:
                    width, height = height, width
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as e:
            broken[name] = f'{file}: is no image: {e}'
            continue
        images.append(dict(id=number, file_name=name, height=height, width=width))
    if not images:
        raise DataError(next(iter(broken.values()), f'{root}: holds no image'))
    _write(dict(images=images), out)
    return broken


def without_repeats(json_file: Path, out: Path) -> tuple[Path, dict[str, str]]:
    """Leave out the images whose name a COCO JSON has used before.

    Args:
        json_file: The JSON.
        out: Where its images go if there are repeats.

    Returns:
        The JSON to use, and what is left out: ``file_name`` -> why.

    Raises:
        DataError: It is no COCO JSON.
    """
    try:
        content = json.loads(json_file.read_text(encoding='utf-8'))
        names = [str(image['file_name']) for image in content['images']]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{json_file}: expected a COCO JSON whose images have a file_name '
            f'({error!r})'
        ) from error
    repeated = {name: n for name, n in Counter(names).items() if n > 1}
    if not repeated:
        return json_file, {}
    first = dict(zip(reversed(names), reversed(content['images'])))
    images = [first[name] for name in dict.fromkeys(names)]
    _write(dict(images=images, categories=content.get('categories', [])), out)
    return out, {
        name: f'{json_file}: file_name {name!r} stands in it {number} times; the '
        'first one counts'
        for name, number in repeated.items()
    }


def _write(content: dict, out: Path) -> None:
    with atomic_write(out) as temporary:
        temporary.write_text(json.dumps(content), encoding='utf-8')
