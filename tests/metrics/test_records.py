"""Records of single images give the metrics again, over folds too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from PIL import Image

from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES, METAINFO, PALETTE
from mmseg_trash.metrics import RecordedIoUMetric, TrashIoUMetric
from mmseg_trash.metrics.records import (
    Records,
    join_records,
    read_records,
    write_records,
)


def _samples(number: int, start: int = 0) -> list[dict]:
    generator = torch.Generator().manual_seed(start)
    return [
        dict(
            pred_sem_seg=dict(data=torch.randint(11, (1, 12, 16), generator=generator)),
            gt_sem_seg=dict(data=torch.randint(11, (1, 12, 16), generator=generator)),
            file_name=f'batch/{start + index}.jpg',
        )
        for index in range(number)
    ]


def _evaluate(metric: TrashIoUMetric, samples: list[dict]) -> dict[str, float]:
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = METAINFO
    for start in range(0, len(samples), 2):
        evaluator.process(samples[start : start + 2])
    return evaluator.evaluate(len(samples))


def test_records_give_the_metrics_again(tmp_path: Path) -> None:
    samples = _samples(5)
    file = tmp_path / 'a/records.npz'
    own = _evaluate(RecordedIoUMetric(file, size=8), samples)
    assert own == _evaluate(TrashIoUMetric(size=8), samples)
    records = read_records(file)
    assert records.names == [s['file_name'] for s in samples]
    again = records.metrics()
    assert {k: round(v, 2) for k, v in again.items()} == {k: own[k] for k in again}
    assert {'trash_IoU', 'trash_IoU_8'} <= set(again)
    assert round(records.global_miou(), 2) == own['mIoU']
    assert round(records.class_ious()[3], 2) == own['IoU_Paper_pack']
    doubled = records.global_miou(np.array([2, 0, 0, 1, 0]))
    part = [samples[0], samples[0], samples[3]]
    assert doubled == pytest.approx(_evaluate(TrashIoUMetric(), part)['mIoU'], abs=0.01)


def test_labels_are_written(tmp_path: Path) -> None:
    samples = _samples(1)
    _evaluate(RecordedIoUMetric(tmp_path / 'r.npz', tmp_path / 'labels'), samples)
    with Image.open(tmp_path / 'labels/batch/0.png') as image:
        assert image.mode == 'P' and image.getpalette()[3:6] == list(PALETTE[1])
        truth = samples[0]['pred_sem_seg']['data'][0].numpy()
        assert np.array_equal(np.asarray(image), truth)


def test_folds_join(tmp_path: Path) -> None:
    parts = []
    for fold in range(2):
        file = tmp_path / f'{fold}.npz'
        _evaluate(RecordedIoUMetric(file), _samples(3, 3 * fold))
        parts.append(read_records(file))
    joined = join_records(parts)
    everything = [*_samples(3, 0), *_samples(3, 3)]
    whole = _evaluate(TrashIoUMetric(), everything)
    assert round(joined.metrics()['mIoU'], 2) == whole['mIoU']
    assert round(joined.metrics()['mIoU_image_256'], 2) == whole['mIoU_image_256']
    assert round(joined.metrics()['trash_IoU_256'], 2) == whole['trash_IoU_256']
    assert len(set(joined.batches)) == 4  # two batches in each fold
    with pytest.raises(DataError, match=r'batch/0\.jpg: was evaluated in two folds'):
        join_records([parts[0], parts[0]])
    other = Records(['x'], parts[0].matrices[:1, :1], [0], [0])
    with pytest.raises(DataError, match='different sizes'):
        join_records([parts[0], other])


def unnamed(file: Path) -> Records:
    """Take the names of the classes out of a file, as earlier versions wrote it."""
    with np.load(file) as stored:
        content = {name: stored[name] for name in stored if name != 'classes'}
    np.savez_compressed(file, **content)
    return read_records(file)


def test_records_name_their_classes(tmp_path: Path) -> None:
    file = tmp_path / 'r.npz'
    _evaluate(RecordedIoUMetric(file), _samples(2))
    named = read_records(file)
    assert list(named.classes) == list(named.class_names) == list(CLASSES)
    own = Records(['x'], np.ones((1, 1, 2, 2), np.int64), [0], [0], ['can', 'cup'])
    write_records(own, file)
    assert read_records(file).class_names == ['can', 'cup']
    old = unnamed(file)
    assert not old.classes and list(old.class_names) == ['0', '1']
    assert old.metrics() == own.metrics()
    assert not [key for key in {**old.metrics(), **own.metrics()} if 'trash' in key]
    eleven = Records(['y'], np.ones((1, 2, 11, 11), np.int64), [0], named.sizes)
    assert eleven.class_names == CLASSES
    # Where one part names them, that holds for all.
    for parts in ([eleven, named], [named, eleven]):
        assert join_records(parts).classes == CLASSES
    assert not join_records([eleven]).classes
    other = Records(['z'], eleven.matrices, [0], named.sizes, [*CLASSES[:-1], 'Toy'])
    few = Records(['z'], np.ones((1, 2, 2, 2), np.int64), [0], named.sizes)
    for wrong in (other, few):
        with pytest.raises(DataError, match='different classes'):
            join_records([named, wrong])


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'\.npz, got a\.csv'):
        RecordedIoUMetric('a.csv')
    file = tmp_path / 'r.npz'
    for content in (b'', b'PK nonsense'):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r'r\.npz: holds no records'):
            read_records(file)
    sample = {k: v for k, v in _samples(1)[0].items() if k != 'file_name'}
    with pytest.raises(DataError, match="no 'file_name'"):
        _evaluate(RecordedIoUMetric(file), [sample])
