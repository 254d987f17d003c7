"""Broken images are named, not filled with grey."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_trash.datasets.images import find_image_folder, is_truncated, read_image
from mmseg_trash.errors import DataError

SIZE = (40, 64)


@pytest.fixture
def pixels() -> np.ndarray:
    """Return an RGB image that is red on the left."""
    rgb = np.random.default_rng(0).integers(0, 90, (*SIZE, 3), dtype=np.uint8)
    rgb[:, :32, 0] = 230
    return rgb


@pytest.fixture
def jpeg(tmp_path: Path, pixels: np.ndarray) -> Path:
    """Return a JPEG of it."""
    path = tmp_path / 'a.jpg'
    Image.fromarray(pixels).save(path, quality=95)
    return path


def test_channels_are_bgr(jpeg: Path) -> None:
    image = read_image(str(jpeg), *SIZE)
    assert image.dtype == np.uint8 and image.shape == (*SIZE, 3)
    assert image[:, :28, 2].mean() > 200 > 120 > image[:, :28, 0].mean()


def test_grey_and_alpha_become_three_channels(tmp_path: Path) -> None:
    for mode in ('L', 'RGBA', 'P'):
        path = tmp_path / f'{mode}.png'
        Image.new(mode, SIZE[::-1]).save(path)
        assert read_image(str(path), *SIZE).shape == (*SIZE, 3)


@pytest.mark.parametrize('kind', ['jpg', 'png'])
def test_truncated(kind: str, tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / f'b.{kind}'
    Image.fromarray(pixels).save(path)
    content = path.read_bytes()
    assert not is_truncated(content)
    for share in (0.3, 0.6, 0.9, 0.99):
        cut = content[: int(len(content) * share)]
        assert is_truncated(cut)
        path.write_bytes(cut)
        with pytest.raises(DataError, match=rf'b\.{kind}: the image is truncated'):
            read_image(str(path), *SIZE)


def test_data_behind_the_image_is_fine(jpeg: Path) -> None:
    content = jpeg.read_bytes()
    for tail in (b'\x00' * 20, b'\r\n', b'motion photo' * 50):
        assert not is_truncated(content + tail)


@pytest.mark.parametrize('content', [b'', b'hello', b'\xff\xd8\xff\xe0\xff\xd9'])
def test_unreadable(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / 'c.jpg'
    path.write_bytes(content)
    with pytest.raises(DataError, match=r'c\.jpg: '):
        read_image(str(path), *SIZE)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'd\.jpg does not exist'):
        read_image(str(tmp_path / 'd.jpg'), *SIZE)


def test_size_contradicts_the_json(jpeg: Path) -> None:
    with pytest.raises(DataError, match=r'a\.jpg: the image is 64x40, .* says 64x41'):
        read_image(str(jpeg), 41, 64)


def test_exif_orientation(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / 'turned.jpg'
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, exif=exif)
    turned = read_image(str(path), 64, 40)
    assert turned[:28, :, 2].mean() > 200 > 120 > turned[36:, :, 2].mean()
    with pytest.raises(DataError, match=r'is 40x64, .* 64x40 .*EXIF orientation'):
        read_image(str(path), *SIZE)


def test_find_image_folder(tmp_path: Path) -> None:
    assert find_image_folder(tmp_path, ['x/1.jpg']) == tmp_path
    (tmp_path / 'images/x').mkdir(parents=True)
    (tmp_path / 'images/x/2.jpg').write_bytes(b'')
    names = ['x/1.jpg', 'x/2.jpg']
    assert find_image_folder(tmp_path, names) == tmp_path / 'images'
    (tmp_path / 'x').mkdir()
    (tmp_path / 'x/1.jpg').write_bytes(b'')
    assert find_image_folder(tmp_path, names) == tmp_path


def test_equal_to_opencv(jpeg: Path) -> None:
    assert (read_image(str(jpeg), *SIZE) == cv2.imread(str(jpeg))).all()
