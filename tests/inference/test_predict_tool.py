"""tools/predict.py: COCO results, submission, video, faulty input, processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.coco_results import category_ids
from mmseg_trash.inference.submission import validate_submission
from mmseg_trash.inference.video import Video
from mmseg_trash.inference.voting import read_submission
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.metrics.confusion import resize_nearest

from .photographs import NAMES, SIZES

COMMON = ['--num-workers', '0', '--device', 'cpu']


def label_of(out: Path, name: str) -> np.ndarray:
    with Image.open(out / 'labels' / f'{name}.png') as image:
        return np.asarray(image)


def test_coco_results_and_submission(
    predict: Any, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file, out = tmp_path / 'images.json', tmp_path / 'out'
    content = json.loads((root / 'test.json').read_text())
    # ids that are no labels, in another order and spacing
    content['categories'] = [
        dict(id=100 + i, name=name.upper())
        for i, name in enumerate(reversed(CLASSES[1:]))
    ]
    for number, image in enumerate(content['images']):
        image['id'] = 70 - number
    json_file.write_text(json.dumps(content))
    arguments = [json_file, '--data-root', root, '--out', out,
                 '--save', 'coco', 'submission', 'probs',
                 '--views', 'flips']  # fmt: skip
    assert predict(*arguments) == 0
    assert '5 images predicted, 0 were there' in capsys.readouterr().out

    ids = category_ids(json_file, CLASSES)
    assert ids[1:] == [100 + i for i in reversed(range(len(CLASSES) - 1))]
    truth = COCO(str(json_file))
    results = truth.loadRes(str(out / 'coco.json'))
    seen = 0
    for image, name, size in zip(content['images'], NAMES, SIZES):
        label, covered = label_of(out, name), np.zeros(size, bool)
        for one in results.loadAnns(results.getAnnIds(imgIds=[image['id']])):
            region = results.annToMask(one).astype(bool)
            assert (region == (label == ids.index(one['category_id']))).all()
            assert one['area'] == region.sum() and 0 < one['score'] <= 1
            covered |= region
            seen += 1
        assert (covered == (label > 0)).all()
    assert seen > len(NAMES)
    # the results are their own truth: a perfect score, by COCO's own code
    content['annotations'] = [
        dict(r, id=i, iscrowd=0, area=mask.area(r['segmentation']),
             bbox=mask.toBbox(r['segmentation']).tolist())
        for i, r in enumerate(json.loads((out / 'coco.json').read_text()), 1)
    ]  # fmt: skip
    json_file.with_name('truth.json').write_text(json.dumps(content, default=int))
    truth = COCO(str(json_file.with_name('truth.json')))
    score = COCOeval(truth, truth.loadRes(str(out / 'coco.json')), 'segm')
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert score.stats[0] == pytest.approx(1)

    assert not validate_submission(out / 'submission.csv', json_file)
    for name, label in read_submission(out / 'submission.csv'):
        assert np.array_equal(label, resize_nearest(label_of(out, name), 256))

    # a killed run goes on, and gives the same files
    kept = (out / 'coco.json').read_bytes(), (out / 'submission.csv').read_bytes()
    (out / 'coco' / f'{NAMES[2]}.json').unlink()
    assert predict(*arguments) == 0
    assert '1 images predicted, 4 were there' in capsys.readouterr().out
    assert kept == (
        (out / 'coco.json').read_bytes(), (out / 'submission.csv').read_bytes(),
    )  # fmt: skip
    with pytest.raises(DataError, match='was made with source'):
        predict(*arguments[:-1], 'scales')


def test_faulty_images_are_named_and_the_rest_predicted(
    predict: Any, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / 'images'
    images.mkdir()
    for name in NAMES[:2]:
        (images / Path(name).name).write_bytes((root / name).read_bytes())
    (images / 'cut.jpg').write_bytes((root / NAMES[2]).read_bytes()[:-300])
    (images / 'text.png').write_text('no image')
    turned = Image.open(root / NAMES[0])
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(images / 'turned.jpg', exif=exif)
    out = tmp_path / 'out'
    assert predict(images, '--out', out, '--save', 'submission') == 1
    captured = capsys.readouterr()
    assert '3 images predicted, 0 were there' in captured.out
    assert 'cut.jpg: the image is truncated' in captured.err
    assert 'text.png: is no image' in captured.err
    assert '2 images have faults' in captured.err
    assert label_of(out, 'turned.jpg').shape == SIZES[0][::-1]
    assert not (out / 'submission.csv').exists(), 'it would lack a row'

    content = json.loads((root / 'test.json').read_text())
    content['images'].append({**content['images'][1], 'id': 99})
    json_file = tmp_path / 'twice.json'
    json_file.write_text(json.dumps(content))
    assert predict(json_file, '--data-root', root, '--out', tmp_path / 'twice') == 1
    captured = capsys.readouterr()
    assert '5 images predicted' in captured.out
    assert f"file_name '{NAMES[1]}' stands in it 2 times" in captured.err


def test_steps_behind_the_probabilities(
    predict: Any, root: Path, tmp_path: Path
) -> None:
    section = tmp_path / 'post.yaml'
    section.write_text('postprocess: {clean_up: {min_size: 400}, size: 256}')
    for out, more in (('a', []), ('b', ['--postprocess', section])):
        predict(root / 'test.json', '--out', tmp_path / out, *more)
    plain, cleaned = (label_of(tmp_path / out, NAMES[0]) for out in 'ab')
    assert plain.shape == cleaned.shape and (plain != cleaned).any()
    section.write_text('postprocess: {clean: true}')
    for text, message in (
        ('postprocess: {clean: true}', 'clean: no such key'),
        ('other: 1', 'expected a section'),
        ('[', 'no YAML'),
    ):
        section.write_text(text)
        with pytest.raises(ConfigError, match=message):
            predict(root, '--out', tmp_path / 'c', '--postprocess', section)
    with pytest.raises(ConfigError, match='--views others'):
        predict(root, '--out', tmp_path / 'c', '--tta', '--views', 'hflip')
    with pytest.raises(ConfigError, match='goes with --views'):
        predict(root, '--out', tmp_path / 'c', '--view-weights', '1')
    with pytest.raises(ConfigError, match=r'--overlap: must lie in \[0, 1\)'):
        predict(root, '--out', tmp_path / 'c', '--window', '32', '--overlap', '1')


def test_video(predict: Any, root: Path, tmp_path: Path, capsys: Any) -> None:
    clip, out = tmp_path / 'clip.avi', tmp_path / 'out'
    target = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*'MJPG'), 5, (96, 64))
    image = cv2.resize(cv2.imread(str(root / NAMES[1])), (96, 64))
    for number in range(4):
        target.write(np.roll(image, 16 * number, axis=1))
    target.release()
    arguments = [clip, '--out', out, '--save', 'overlays']
    assert predict(*arguments) == 0
    captured = capsys.readouterr()
    assert '4 frames predicted' in captured.out
    assert 'predicting: 3/4' in captured.err
    drawn = Video.open(out / 'clip_overlay.mp4')
    assert (drawn.total, drawn.fps) == (4, 5)
    first = label_of(out, 'clip.avi/000000')
    assert first.shape == (64, 96) and len(np.unique(first)) > 1
    # what is lost is predicted again, from the frame of that number
    kept = (out / 'labels/clip.avi/000002.png').read_bytes()
    (out / 'labels/clip.avi/000002.png').unlink()
    assert predict(*arguments) == 0
    assert '1 frames predicted' in capsys.readouterr().out
    assert (out / 'labels/clip.avi/000002.png').read_bytes() == kept
    (tmp_path / 'no.mp4').write_text('text')
    with pytest.raises(DataError, match='no video that can be read'):
        predict(tmp_path / 'no.mp4', '--out', tmp_path / 'x')
    with pytest.raises(ConfigError, match='a video gives labels'):
        predict(clip, '--out', tmp_path / 'x', '--save', 'coco')


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='set RUN_SLOW=1')
def test_two_processes_write_the_same_bytes(
    predict: Any, project: Path, cfg: Config, checkpoint: Path, root: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    more = ['--save', 'labels', 'probs', 'coco', 'submission']
    predict(root / 'test.json', '--out', tmp_path / 'one', *more)
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        port = server.getsockname()[1]
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2',
        '--master-port', str(port), str(project / 'tools/predict.py'), cfg.filename,
        str(checkpoint), str(root / 'test.json'), '--out', str(tmp_path / 'two'),
        *more, *COMMON,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('images predicted') == 1
    assert '5 images predicted, 0 were there' in done.stdout
    files = sorted(p for p in (tmp_path / 'one').rglob('*') if p.is_file())
    assert len(files) == 3 * len(NAMES) + 4, 'and store, images, coco, submission'
    for file in files:
        other = tmp_path / 'two' / file.relative_to(tmp_path / 'one')
        assert other.read_bytes() == file.read_bytes(), file.name
