"""Find and decode images, and notice the broken ones."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError

_JPEG, _JPEG_END = b'\xff\xd8\xff', b'\xff\xd9'
_PNG, _PNG_END = b'\x89PNG\r\n\x1a\n', b'IEND\xaeB`\x82'
_PROBES = 16


def find_image_folder(
    folder: str | os.PathLike[str], file_names: Sequence[str]
) -> Path:
    """Tell whether images lie in a folder itself or in its ``images/``.

    Args:
        folder: The folder beside or in which images are sought.
        file_names: Names from the JSON, with their folders; the first few are probed.

    Returns:
        ``folder/images`` when a probed image lies only there, else ``folder``.
    """
    folder = Path(folder)
    below = folder / 'images'
    for name in file_names[:_PROBES]:
        if (folder / name).is_file():
            return folder
        if (below / name).is_file():
            return below
    return folder


def read_image(path: str, height: int, width: int) -> np.ndarray:
    """Decode an image, turned as its EXIF orientation says.

    Args:
        path: The file.
        height: Height that the JSON gives, in pixels.
        width: Width that the JSON gives, in pixels.

    Returns:
        (height, width, 3) uint8, BGR.

    Raises:
        FileNotFoundError: There is no such file.
        DataError: The file is truncated or no image, or has another size.
    """
    try:
        content = Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FileNotFoundError(
            f'image {path} does not exist; images are sought beside the JSON and in '
            'images/ below it'
        ) from None
    if is_truncated(content):
        raise DataError(f'{path}: the image is truncated ({len(content)} bytes)')
    image = decode_bgr(content)
    if image is None:
        raise DataError(
            f'{path}: no readable image ({len(content)} bytes, '
            f'beginning with {content[:4]!r})'
        )
    if image.shape[:2] != (height, width):
        raise DataError(f'{path}: {size_complaint(content, image, height, width)}')
    return image


def read_photograph(path: str | os.PathLike[str]) -> np.ndarray:
    """Decode a photograph for drawing or a CRF, turned as its EXIF orientation says.

    Args:
        path: The file.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        DataError: It is missing or no image.
    """
    try:
        found = decode_bgr(Path(path).read_bytes())
    except OSError as error:
        raise DataError(f'{path}: cannot be read: {error}') from error
    if found is None:
        raise DataError(f'{path}: cannot be read: no image')
    return np.ascontiguousarray(found[..., ::-1])


def decode_bgr(content: bytes, flags: int = cv2.IMREAD_COLOR) -> np.ndarray | None:
    """Decode to BGR uint8; None when it cannot be done."""
    if not content:
        return None
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        return None


def is_truncated(content: bytes) -> bool:
    """Tell whether a JPEG or PNG ends before its end marker.

    OpenCV before version 5 fills what is missing with grey and says nothing. Some
    cameras append data behind the marker: such a file is decoded strictly instead.

    Args:
        content: The file's content.
    """
    if content.startswith(_PNG):
        return _PNG_END not in content[-64:]
    if not content.startswith(_JPEG):
        return False
    # Padding is common, and harmless.
    if content[-64:].rstrip(b'\x00\r\n ').endswith(_JPEG_END):
        return False
    return not _decodes_strictly(content)


def _decodes_strictly(content: bytes) -> bool:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def size_complaint(content: bytes, image: np.ndarray, height: int, width: int) -> str:
    """Say how an image's size contradicts the JSON, and whether EXIF is the reason."""
    message = (
        f'the image is {image.shape[1]}x{image.shape[0]}, the JSON says '
        f'{width}x{height} (width x height)'
    )
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    stored = decode_bgr(content, flags)
    if stored is not None and stored.shape[:2] == (height, width):
        message += (
            '; its EXIF orientation turns it, the JSON was made without turning: '
            'remove the orientation tag'
        )
    return message
