"""A folder of predictions goes on with its own photographs and config alone."""

import json
import os
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_trash.datasets.images import read_photograph
from mmseg_trash.errors import DataError
from mmseg_trash.fileio import atomic_write
from mmseg_trash.inference.inputs import find_inputs, write_json
from mmseg_trash.inference.origin import NOTE, check_images, config_digest
from mmseg_trash.inference.scoring import read_labels

from .photographs import NAMES, SIZES


def test_other_photographs_of_the_same_names_are_refused(
    predict: Any, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, name in (('a', NAMES[0]), ('b', NAMES[2])):  # of one size
        (tmp_path / folder).mkdir()
        shutil.copy(root / name, tmp_path / folder / '1.jpg')
    out = tmp_path / 'out'
    predict(tmp_path / 'a', '--out', out)
    with pytest.raises(DataError, match=r'b/1\.jpg: is not the image of that name'):
        predict(tmp_path / 'b', '--out', out)
    shutil.copytree(tmp_path / 'a', tmp_path / 'moved')
    capsys.readouterr()
    predict(tmp_path / 'moved', '--out', out)
    assert '0 images predicted, 1 were there' in capsys.readouterr().out
    # a COCO JSON with another root
    content = dict(id=1, file_name='1.jpg', height=SIZES[0][0], width=SIZES[0][1])
    json_file = tmp_path / 'one.json'
    json_file.write_text(json.dumps(dict(images=[content])))
    out = tmp_path / 'json'
    predict(json_file, '--data-root', tmp_path / 'a', '--out', out)
    with pytest.raises(DataError, match=r'b/1\.jpg'):
        predict(json_file, '--data-root', tmp_path / 'b', '--out', out)


def test_results_among_the_photographs_are_no_photographs(
    predict: Any, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(root / NAMES[0], tmp_path / '1.jpg')
    for place in ('out', '.'):
        for told in ('1 images predicted', '0 images predicted, 1 were there'):
            predict(tmp_path, '--out', tmp_path / place, '--save', 'overlays', 'labels')
            assert told in capsys.readouterr().out
        if place == 'out':
            shutil.rmtree(tmp_path / 'out')


def test_a_mended_image_is_predicted_by_the_next_call(
    predict: Any, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / 'images'
    images.mkdir()
    shutil.copy(root / NAMES[0], images / '1.jpg')
    (images / '2.jpg').write_text('no image')
    assert predict(images, '--out', tmp_path / 'out') == 1
    shutil.copy(root / NAMES[1], images / '2.jpg')
    capsys.readouterr()
    assert predict(images, '--out', tmp_path / 'out') == 0
    assert '1 images predicted, 1 were there' in capsys.readouterr().out


def test_what_a_killed_process_had_begun(
    predict: Any, root: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    images = [tmp_path / 'images' / name for name in ('1.jpg', '._1.jpg')]
    images[0].parent.mkdir()
    for image in images:
        shutil.copy(root / NAMES[0], image)
    with pytest.raises(RuntimeError), atomic_write(out / 'labels/1.jpg.png') as begun:
        shutil.copy(begun, out / 'kept')
        names = [begun.name, begun.name.replace('1.jpg', '2.jpg')]
        raise RuntimeError
    old, young = (out / 'labels' / name for name in names)
    for path in (old, young):
        shutil.copy(out / 'kept', path)
    os.utime(old, (1, 1))
    (out / 'labels/.gone.png.abcdefgh.png').symlink_to('nowhere')
    predict(tmp_path / 'images', '--out', out)
    assert not old.exists() and young.exists(), 'it may be another process at work'
    assert [name for name, _ in read_labels(out / 'labels')] == ['1.jpg']
    (out / 'labels/3.jpg.png').write_bytes(b'cut off')
    with pytest.raises(DataError, match=r'3\.jpg\.png: cannot be read'):
        list(read_labels(out / 'labels'))


def test_an_edited_config_is_another_source(cfg: Config) -> None:
    digest = config_digest(cfg, False)
    other = deepcopy(cfg)
    other.work_dir, other.train_cfg.max_iters = 'elsewhere', 7
    assert config_digest(other, False) == digest
    other.tta_pipeline = []
    assert config_digest(other, False) == digest != config_digest(cfg, True)
    assert config_digest(other, True) != config_digest(cfg, True)
    other = deepcopy(cfg)
    other.predict_dataset.pipeline[1].scale = (64, 64)
    assert config_digest(other, False) != digest
    other = deepcopy(cfg)
    other.model.test_cfg.mode = 'slide'
    assert config_digest(other, False) != digest


def test_the_note_of_the_images(tmp_path: Path) -> None:
    for name in ('1', '2'):
        (tmp_path / name).write_bytes(bytes(70_000))
    out, done = tmp_path / 'out', {'1'}
    names = ['1', '2', '3']
    check_images(out, tmp_path, names, done.__contains__, keep=False)
    assert not (out / NOTE).exists()
    check_images(out, tmp_path, names, done.__contains__)
    assert set(json.loads((out / NOTE).read_text())) == {'1', '2'}
    (tmp_path / '2').write_bytes(b'other')  # not done yet
    (tmp_path / '3').write_bytes(b'new')
    check_images(out, tmp_path, names, done.__contains__)
    (tmp_path / '1').rename(tmp_path / 'away')  # done, and no longer needed
    check_images(out, tmp_path, names, done.__contains__)
    for changed in (bytes(69_999), b'x' + bytes(69_999)):
        (tmp_path / '1').write_bytes(changed)
        with pytest.raises(DataError, match='choose another folder'):
            check_images(out, tmp_path, names, done.__contains__)
    (out / NOTE).write_text('[1]')
    with pytest.raises(DataError, match='is no list of images'):
        check_images(out, tmp_path, names, done.__contains__)


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp', 'tiff'])
@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_sizes_of_turned_images(suffix: str, orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(
        tmp_path / f'x.{suffix}', exif=exif
    )
    folder, files = find_inputs([str(tmp_path)])
    assert not write_json(files, folder, tmp_path / 'out.json')
    (image,) = json.loads((tmp_path / 'out.json').read_text())['images']
    decoded = read_photograph(tmp_path / f'x.{suffix}')
    assert (image['height'], image['width']) == decoded.shape[:2]
