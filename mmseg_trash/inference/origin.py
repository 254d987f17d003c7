"""Tell whether what is there was made from the same photographs and the same config."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import DataError
from ..fileio import atomic_write

NOTE = 'images.json'
_HEAD = 1 << 16


def config_digest(cfg: Config, tta: Any = False) -> str:
    """Hash what of a config its predictions depend on: network, pipeline, own views.

    Args:
        cfg: The config.
        tta: True where the config's views count.

    Returns:
        64 hex digits.
    """
    parts = [cfg.get('model'), cfg.get('data_preprocessor')]
    parts.append((cfg.get('predict_dataset') or {}).get('pipeline'))
    if tta is True:
        parts += [cfg.get('tta_model'), cfg.get('tta_pipeline')]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def check_images(
    folder: str | os.PathLike[str],
    image_folder: str | os.PathLike[str],
    names: Sequence[str],
    is_there: Callable[[str], bool],
    keep: bool = True,
) -> None:
    """Refuse to go on with other photographs of the same names.

    A note in the folder keeps the size and the first 64 KiB, hashed, of every image. An
    image that was missing or that nothing was made of may change.

    Args:
        folder: Where predictions are written.
        image_folder: Where the photographs lie.
        names: Their ``file_name``.
        is_there: ``file_name`` -> whether something was made of the image.
        keep: Write the note; one of several processes does.

    Raises:
        DataError: An image has changed, or the note is damaged.
    """
    note = Path(folder) / NOTE
    known: dict[str, str] = {}
    if note.is_file():
        try:
            known = dict(json.loads(note.read_text(encoding='utf-8')))
        except (ValueError, TypeError) as error:
            raise DataError(f'{note}: is no list of images: {error}') from error
    now = {name: _digest(Path(image_folder) / name) for name in names}
    for name, digest in now.items():
        before = known.get(name)
        if digest and before and digest != before and is_there(name):
            raise DataError(
                f'{Path(image_folder) / name}: is not the image of that name which '
                f'{folder} was made from; choose another folder'
            )
    merged = {**known, **{name: d for name, d in now.items() if d}}
    if keep and merged != known:
        with atomic_write(note) as temporary:
            temporary.write_text(json.dumps(merged, indent=0) + '\n', encoding='utf-8')


def _digest(file: Path) -> str:
    """Return a photograph's size and hash, empty where there is none."""
    try:
        with file.open('rb') as stream:
            head = hashlib.sha256(stream.read(_HEAD)).hexdigest()[:16]
            return f'{stream.seek(0, os.SEEK_END)}-{head}'
    except OSError:
        return ''
