"""From the bytes of a request to an image, within limits."""

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..datasets.images import decode_bgr, is_truncated
from .limits import Limits, RefusalError

FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP')


def decode(content: bytes, limits: Limits) -> NDArray[np.uint8]:
    """Decode an image whose header keeps the limits.

    Args:
        content: A JPEG, PNG, WebP or BMP.
        limits: What is allowed.

    Returns:
        (H, W, 3) uint8, RGB, turned as its EXIF says.

    Raises:
        RefusalError: 415 for another type, 413 for too many pixels, 400 for damage.
    """
    width, height = _size(content)
    if width * height > limits.pixels:
        raise RefusalError(
            413, f'{width} x {height} pixels, the limit is {limits.pixels} in all'
        )
    if is_truncated(content):
        raise RefusalError(400, f'the image is truncated ({len(content)} bytes)')
    image = decode_bgr(content)
    if image is None:
        raise RefusalError(400, f'the image cannot be decoded ({len(content)} bytes)')
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _size(content: bytes) -> tuple[int, int]:
    """Read width and height from the header alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return image.size
    except UnidentifiedImageError as error:
        raise RefusalError(415, f'expected one of {", ".join(FORMATS)}') from error
    except Image.DecompressionBombError as error:
        raise RefusalError(413, 'far too many pixels') from error
    except Exception as error:
        raise RefusalError(400, f'the header is damaged: {error}') from error
