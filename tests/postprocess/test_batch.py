"""Post-processing of stored predictions, and its tool."""

import json
import os
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import encode_label_map, validate_submission
from mmseg_trash.metainfo import CLASSES, PALETTE
from mmseg_trash.postprocess import order, processes
from mmseg_trash.postprocess.batch import Ensemble, postprocess_image
from mmseg_trash.postprocess.dense_crf import probs_from_labels
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.postprocess.section import merged, read_section
from mmseg_trash.workbench.predictions import open_predictions

main = runpy.run_path(str(Path(__file__).parents[2] / 'tools/postprocess.py'))['main']

NAMES = ['a/1.jpg', 'a/2.jpg', 'b/1.jpg']
RECIPE = """
members: []
postprocess:
  crf: deeplab-vgg
  write_back: {min_area: 2, max_area: 60}
  clean_up: {min_size: 3}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write photographs, two stores and a folder of label maps."""
    generator = np.random.default_rng(0)
    stores = [ProbStore(tmp_path / f'store{k}', CLASSES, 'float16') for k in (0, 1)]
    for name in NAMES:
        image = np.kron(
            generator.integers(0, 256, (4, 5, 3)), np.ones((8, 8, 1))
        ).astype(np.uint8)
        for folder in ('images', 'labels'):
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / name), image)
        for store in stores:
            probs = generator.dirichlet(np.full(len(CLASSES), 0.2), (32, 40))
            store.write(name, probs.transpose(2, 0, 1).astype(np.float32))
        label = generator.integers(0, len(CLASSES), (32, 40), dtype=np.uint8)
        Image.fromarray(label).save(tmp_path / 'labels' / f'{name}.png')
    (tmp_path / 'recipe.yaml').write_text(RECIPE)
    images = [dict(id=k, file_name=n, height=32, width=40) for k, n in
              enumerate(NAMES[::-1])]  # fmt: skip
    (tmp_path / 'test.json').write_text(json.dumps(dict(images=images)))
    return tmp_path


def run(data: Path, out: str, *more: str, inputs=('store0', 'store1')) -> Path:
    main([
        *(str(data / name) for name in inputs), '--out', str(data / out),
        '--recipe', str(data / 'recipe.yaml'), '--data-root', str(data), *more,
    ])  # fmt: skip
    return data / out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def test_files_are_those_of_the_steps_by_any_number_of_workers(data: Path) -> None:
    pytest.importorskip('numba')
    found = contents(run(data, 'one', '--workers', '1', '--weights', '3', '1'))
    assert sorted(found) == [*(f'{n}.png' for n in NAMES), 'postprocess.json']
    for workers in ('2', '5'):
        out = f'by{workers}'
        again = contents(run(data, out, '--workers', workers, '--weights', '3', '1'))
        assert again == found
    post = PostProcess.from_dict(read_section(data / 'recipe.yaml'), CLASSES)
    stores = [ProbStore.open(data / f'store{k}') for k in (0, 1)]
    for name in NAMES:
        probs = [store.read(name) for store in stores]
        image = cv2.imread(str(data / 'images' / name))[..., ::-1]
        members = [p.argmax(0) for p in probs]
        expected = post(image, (3 * probs[0] + probs[1]) / 4, members)
        with Image.open(data / 'one' / f'{name}.png') as picture:
            assert np.array_equal(picture, expected)
            assert picture.getpalette()[3:6] == list(PALETTE[1])
        assert (expected != probs[0].argmax(0)).mean() > 0.1


def test_crf_in_tensors_on_request(data: Path, monkeypatch) -> None:
    """Where a device is named the compiled form is left alone."""
    monkeypatch.setattr(order, 'dense_crf', None)
    out = run(data, 'tensors', '--device', 'cpu')
    post = PostProcess.from_dict(read_section(data / 'recipe.yaml'), CLASSES)
    ensemble = Ensemble(
        [open_predictions(data / f'store{k}') for k in (0, 1)],
        [1.0, 1.0],
        data / 'images',
    )
    for name in NAMES:
        _, expected = postprocess_image(ensemble, post, name, device='cpu')
        with Image.open(out / f'{name}.png') as picture:
            assert np.array_equal(picture, expected)


def test_goes_on_where_it_stopped(data: Path, capsys) -> None:
    whole = contents(run(data, 'whole', '--options', 'crf=None'))
    out = run(data, 'part', '--options', 'crf=None')
    (out / 'a/2.jpg.png').unlink()
    kept = (out / 'a/1.jpg.png').stat().st_mtime_ns
    capsys.readouterr()
    run(data, 'part', '--options', 'crf=None')
    assert '1 label maps, 2 were there' in capsys.readouterr().out
    assert contents(out) == whole
    assert (out / 'a/1.jpg.png').stat().st_mtime_ns == kept
    with pytest.raises(DataError, match='postprocess.json: other steps or inputs'):
        run(data, 'part', '--options', 'crf=None', 'clean_up.window=3')


def test_submission_in_the_order_of_the_json(data: Path) -> None:
    ann_file = data / 'test.json'
    options = ('--ann-file', str(ann_file), '--options', 'crf=None')
    out = run(data, 'all.csv', *options, inputs=['store0', 'labels'])
    assert not validate_submission(out, ann_file)
    name, row = out.read_text().splitlines()[1].split(',')
    assert name == NAMES[-1]
    with Image.open(data / 'labels' / f'{name}.png') as picture:
        label = np.array(picture)
    probs = ProbStore.open(data / 'store0').read(name)
    post = PostProcess.from_dict(
        {**read_section(data / 'recipe.yaml'), 'crf': None, 'size': 256}, CLASSES
    )
    mean = (probs + probs_from_labels(label, len(CLASSES))) / 2
    assert row == encode_label_map(post(None, mean, [probs.argmax(0), label]))
    # A submission is a member too: label maps of 256 x 256.
    twice = run(data, 'again.csv', *options, inputs=['all.csv'])
    assert open_predictions(twice).names == tuple(NAMES[::-1])


def test_what_is_refused(data: Path) -> None:
    with pytest.raises(ConfigError, match='the CRF needs the folder'):
        main([str(data / 'store0'), '--out', str(data / 'x'), '--options', 'crf=seed'])
    with pytest.raises(ConfigError, match='3 weights for 2 members'):
        run(data, 'x', '--weights', '1', '2', '3')
    for weight in ('0', 'nan', 'inf'):
        with pytest.raises(ConfigError, match=f'a weight of {weight}'):
            run(data, 'x', '--weights', '1', weight)
    with pytest.raises(ConfigError, match='--workers: must be at least 1, got -2'):
        run(data, 'x', '--workers', '-2')
    with pytest.raises(ConfigError, match="device 'nowhere' cannot be used"):
        run(data, 'x', '--device', 'nowhere')
    ProbStore(data / 'other', ['a', 'b'])
    with pytest.raises(DataError, match='has other classes'):
        run(data, 'x', inputs=['store0', 'other'])
    (data / 'labels/a/1.jpg.png').unlink()
    with pytest.raises(DataError, match=r"lacks 1 of 3 images, the first is 'a/1.jpg'"):
        run(data, 'x', inputs=['store0', 'labels'])
    Image.new('L', (4, 4)).save(data / 'labels/a/1.jpg.png')
    with pytest.raises(DataError, match=r'a/1.jpg: the size is \(4, 4\)'):
        run(data, 'x', inputs=['store0', 'labels'])
    (data / 'images/a/1.jpg').write_bytes(b'no image')
    with pytest.raises(DataError, match='a/1.jpg: no readable image'):
        run(data, 'x', '--workers', '2')
    (data / 'images/a/1.jpg').unlink()
    with pytest.raises(DataError, match='a/1.jpg: cannot be read'):
        run(data, 'x', '--workers', '1')
    assert not (data / 'x').exists(), 'nothing was written'


def test_sections_and_options(tmp_path: Path) -> None:
    section = dict(crf='seed', write_back=None)
    options = {'crf.iterations': 2, 'write_back.min_area': 4, 'size': 256}
    expected = dict(
        crf=dict(preset='seed', iterations=2), write_back=dict(min_area=4), size=256
    )
    assert merged(section, options) == expected
    assert section == dict(crf='seed', write_back=None)
    file = tmp_path / 'recipe.yaml'
    with pytest.raises(FileNotFoundError, match='recipe.yaml: no such file'):
        read_section(file)
    for text, message in (
        ('members: []', 'has no section postprocess'),
        ('postprocess: [', 'is no YAML'),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=message):
            read_section(file)


def _square(number: int) -> int:
    if number == 3:
        raise DataError('3 is wrong')
    return number * number


def _die(number: int) -> int:
    os._exit(1)


def test_processes_keep_order_and_pass_errors_on() -> None:
    assert list(processes.map_in_processes(_square, [5, 2, 9, 0], 3)) == [25, 4, 81, 0]
    found = processes.map_in_processes(_square, [1, 2, 3, 4, 5], 2)
    assert [next(found), next(found)] == [1, 4]
    with pytest.raises(DataError, match='3 is wrong'):
        next(found)
    with pytest.raises(RuntimeError, match='2 processes was killed'):
        list(processes.map_in_processes(_die, [1, 2], 2))
    assert processes.cores() >= 1
