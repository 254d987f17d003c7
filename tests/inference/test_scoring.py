"""Scores of submissions, stores and label maps, against loops over the classes."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmseg_trash.config import build_dataset
from mmseg_trash.errors import CheckpointError, DataError
from mmseg_trash.inference.scoring import read_labels, score_labels
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.metainfo import CLASSES


@pytest.fixture(scope='module')
def dataset(toy_root: Path) -> Any:
    return build_dataset(
        dict(type='TrashDataset', ann_file='val.json', data_root=str(toy_root),
             pipeline=[], test_mode=True)
    )  # fmt: skip


@pytest.fixture(scope='module')
def rows(dataset: Any) -> list[tuple[str, np.ndarray]]:
    """Return the truth with noise in some pixels."""
    random = np.random.default_rng(0)
    found = []
    for place in range(len(dataset)):
        label = np.array(dataset.label_map_of(place))
        noise = random.random(label.shape) < 0.3
        label[noise] = random.integers(0, len(CLASSES), int(noise.sum()))
        found.append((dataset.get_data_info(place)['file_name'], label))
    return found


def test_every_source_scores_the_same(
    dataset: Any, rows: list[tuple[str, np.ndarray]], toy_root: Path, tmp_path: Path,
    project: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    names = [name for name, _ in rows]
    write_submission(rows, tmp_path / 'a.csv', names, len(CLASSES))
    store = ProbStore(tmp_path / 'store', CLASSES)
    for name, label in rows:
        store.write(
            name, np.moveaxis(np.eye(len(CLASSES), dtype=np.float32)[label], -1, 0)
        )
        file = tmp_path / 'labels' / f'{name}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(label).save(file)
    inter, union = np.zeros(len(CLASSES)), np.zeros(len(CLASSES))
    found = seen = 0
    for place, (_, label) in enumerate(rows):
        height, width = label.shape
        at = np.ix_(np.arange(256) * height // 256, np.arange(256) * width // 256)
        pred, truth = label[at], np.asarray(dataset.label_map_of(place))[at]
        for c in range(len(CLASSES)):
            inter[c] += ((pred == c) & (truth == c)).sum()
            union[c] += ((pred == c) | (truth == c)).sum()
        found += ((pred > 0) & (truth > 0)).sum()
        seen += ((pred > 0) | (truth > 0)).sum()
    expected = 100 * np.mean((inter / union)[union > 0])
    trash = 100 * found / seen
    tool = runpy.run_path(str(project / 'tools/score.py'))['main']
    for source in ('a.csv', 'store', 'labels'):
        records = score_labels(read_labels(tmp_path / source), dataset)
        assert records.metrics()['mIoU_256'] == pytest.approx(expected)
        assert records.metrics()['trash_IoU_256'] == pytest.approx(trash)
    out = tmp_path / 'score.json'
    tool([str(tmp_path / 'a.csv'), str(toy_root / 'val.json'), '--out', str(out)])
    said = capsys.readouterr().out.splitlines()
    assert f'mIoU_256: {expected:.2f} %' in said
    assert f'trash_IoU_256: {trash:.2f} %' in said
    figures = json.loads(out.read_text())
    assert figures['mIoU_256'] == pytest.approx(expected)
    assert figures['trash_IoU_256'] == pytest.approx(trash)


def test_faults(
    dataset: Any, rows: list[tuple[str, np.ndarray]], tmp_path: Path
) -> None:
    for wrong, message in (
        (rows[1:], 'have no prediction'),
        ([*rows, rows[0]], 'twice'),
        ([('no.jpg', rows[0][1])], 'no.jpg: is no image'),
        ([(rows[0][0], np.full((8, 8), 99, np.uint8))], 'the prediction holds'),
    ):
        with pytest.raises(DataError, match=message):
            score_labels(wrong, dataset)
    with pytest.raises(FileNotFoundError, match='no submission'):
        list(read_labels(tmp_path / 'none'))
    Image.new('RGB', (4, 4)).save(tmp_path / 'x.png')
    with pytest.raises(DataError, match='mode RGB'):
        list(read_labels(tmp_path))


def test_a_store_of_other_classes(
    toy_root: Path, tmp_path: Path, project: Path
) -> None:
    ProbStore(tmp_path / 'store', [*CLASSES, 'Umbrella'])
    main = runpy.run_path(str(project / 'tools/score.py'))['main']
    with pytest.raises(
        CheckpointError, match=r'store: .*val\.json: nobody asks for Umbrella.*12: Back'
    ):
        main([str(tmp_path / 'store'), str(toy_root / 'val.json')])


def test_classes_of_a_config(
    rows: list[tuple[str, np.ndarray]], toy_root: Path, tmp_path: Path, project: Path
) -> None:
    """A data set that calls Plastic something else, and a config that knows it."""
    content = json.loads((toy_root / 'val.json').read_text())
    for category in content['categories']:
        if category['name'] == 'Plastic':
            category['name'] = 'Kunststoff'
    (tmp_path / 'val.json').write_text(json.dumps(content))
    own = [{'Plastic': 'Kunststoff'}.get(name, name) for name in CLASSES]
    base = project / 'configs/segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'
    config = tmp_path / 'own.py'
    config.write_text(f'_base_ = {str(base)!r}\nclasses = {own}\n')
    write_submission(rows, tmp_path / 'a.csv', [name for name, _ in rows], len(CLASSES))
    main = runpy.run_path(str(project / 'tools/score.py'))['main']
    arguments = [
        *(str(tmp_path / 'a.csv'), str(tmp_path / 'val.json')),
        *('--data-root', str(toy_root), '--out', str(tmp_path / 'score.json')),
    ]
    with pytest.raises(DataError, match='Kunststoff'):
        main(arguments)
    main([*arguments, '--config', str(config)])
    assert 'IoU_Kunststoff' in json.loads((tmp_path / 'score.json').read_text())
