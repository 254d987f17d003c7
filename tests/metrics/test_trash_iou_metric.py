import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample

from mmseg_trash.errors import DataError
from mmseg_trash.metainfo import CLASSES, METAINFO
from mmseg_trash.metrics import TrashIoUMetric

ABC = dict(classes=('a', 'b', 'c'))
SHARED = dict(classes=('Background', 'b', 'c'))


def draw(number, classes=11, shape=(24, 20), seed=0, ignored=0.1):
    """Draw samples as dictionaries; every image has other classes."""
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for index in range(number):
        low = index % max(classes - 2, 1)
        label = torch.randint(low, classes, (1, *shape), generator=generator)
        noise = torch.randint(classes, label.shape, generator=generator)
        right = (
            torch.rand(label.shape, generator=generator) < 0.3 + 0.5 * index / number
        )
        pred = torch.where(right, label, noise)
        label[torch.rand(label.shape, generator=generator) < ignored] = 255
        samples.append(
            dict(
                pred_sem_seg=dict(data=pred),
                gt_sem_seg=dict(data=label),
                img_path=f'{index}.jpg',
            )
        )
    return samples


def evaluate(metric, samples, meta=METAINFO, batch=2, size=None):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = meta
    for start in range(0, len(samples), batch):
        evaluator.process(samples[start : start + batch])
    return evaluator.evaluate(len(samples) if size is None else size)


@pytest.mark.parametrize('seed', range(10))
def test_global_equals_stock_to_the_last_digit(seed):
    samples = draw(5, seed=seed)
    for sample in samples[: seed % 3]:
        sample['gt_sem_seg']['data'][:] = 255
    if seed % 2:
        # A class that no map has, and one that is only predicted.
        for sample in samples:
            for name in ('pred_sem_seg', 'gt_sem_seg'):
                data = sample[name]['data']
                data[data == 9] = 3
            label = sample['gt_sem_seg']['data']
            label[label == 5] = 0
    stock = evaluate(IoUMetric(), samples)
    ours = evaluate(TrashIoUMetric(), samples)
    for key in ('mIoU', 'mAcc', 'aAcc'):
        assert f'{ours[key]:.2f}' == f'{stock[key]:.2f}', key


def test_keys_of_the_contract():
    kinds = ('mIoU', 'mIoU_image', 'mIoU_batch', 'trash_IoU')
    ious = {f'IoU_{name.replace(" ", "_")}' for name in CLASSES}
    pixels = {'mAcc', 'aAcc', *ious}
    sized = {f'{kind}_256' for kind in kinds}
    assert set(evaluate(TrashIoUMetric(), draw(3))) == {*kinds, *sized, *pixels}
    assert 'IoU_General_trash' in ious
    only_image = TrashIoUMetric(size=8, kinds=['image'], prefix='val')
    found = evaluate(only_image, draw(3))
    assert set(found) == {'val/mIoU_image', 'val/mIoU_image_8'}
    full = evaluate(TrashIoUMetric(size=None), draw(3))
    assert set(full) == {*kinds, *pixels}


def test_three_kinds_by_hand():
    # Image 0: IoU a 1/2, b 2/3. Image 1: a is perfect. Image 2: b is taken for a.
    labels = [[0, 0, 1, 1], [0, 0, 0, 255], [1, 1, 1, 1]]
    preds = [[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]]
    samples = [
        dict(
            img_path=str(index),
            gt_sem_seg=dict(data=torch.tensor([[label]])),
            pred_sem_seg=dict(data=torch.tensor([[pred]])),
        )
        for index, (label, pred) in enumerate(zip(labels, preds))
    ]
    found = evaluate(TrashIoUMetric(size=None), samples, ABC, batch=2)
    image = ((1 / 2 + 2 / 3) / 2 + 1 + (0 + 2 / 4) / 2) / 3
    batch = ((4 / 5 + 2 / 3) / 2 + (0 + 2 / 4) / 2) / 2
    assert found['mIoU_image'] == round(100 * image, 2)
    assert found['mIoU_batch'] == round(100 * batch, 2)
    # Over the set: a 4 of 7, b 4 of 7; c is nowhere.
    assert found['mIoU'] == found['IoU_a'] == round(400 / 7, 2)
    assert np.isnan(found['IoU_c'])
    assert found['aAcc'] == round(800 / 11, 2)
    assert found['mAcc'] == round(100 * (4 / 5 + 4 / 6) / 2, 2)


def test_resized_scores_those_of_resized_maps():
    samples = draw(4, shape=(32, 32))
    small = [
        {
            key: dict(data=value['data'][:, ::2, ::2]) if key != 'img_path' else value
            for key, value in sample.items()
        }
        for sample in samples
    ]
    found = evaluate(TrashIoUMetric(size=16), samples)
    expected = evaluate(TrashIoUMetric(size=None), small)
    for kind in ('mIoU', 'mIoU_image', 'mIoU_batch'):
        assert found[f'{kind}_16'] == expected[kind]
        assert found[f'{kind}_16'] != found[kind]


def test_data_samples_of_mmseg():
    samples = draw(3)
    elements = [
        SegDataSample(
            metainfo=dict(img_path=sample['img_path']),
            **{
                key: PixelData(data=sample[key]['data'])
                for key in ('pred_sem_seg', 'gt_sem_seg')
            },
        )
        for sample in samples
    ]
    metric = METRICS.build(dict(type='TrashIoUMetric'))
    assert evaluate(metric, elements) == evaluate(TrashIoUMetric(), samples)


def test_results_are_small_and_do_not_leak_into_the_next_evaluation():
    metric = TrashIoUMetric()
    metric.dataset_meta = METAINFO
    metric.process({}, draw(2))
    (batch,) = metric.results
    assert batch.matrices.dtype == np.int64
    assert batch.matrices.shape == (2, 2, 11, 11)
    counted = sum((one['gt_sem_seg']['data'] != 255).sum() for one in draw(2))
    first = metric.evaluate(2)
    assert metric.confusion.sum() == counted
    assert evaluate(metric, draw(3, seed=1)) == evaluate(
        TrashIoUMetric(), draw(3, seed=1)
    )
    assert evaluate(metric, draw(2)) == first


def test_a_data_set_may_list_an_image_twice():
    samples = draw(3)
    twice = [*samples, samples[0]]
    found = evaluate(TrashIoUMetric(), twice, batch=1)
    other = dict(samples[0], img_path='copy.jpg')
    assert found == evaluate(TrashIoUMetric(), [*samples, other], batch=1)
    assert found != evaluate(TrashIoUMetric(), samples, batch=1)
    assert evaluate(TrashIoUMetric(), twice, batch=1, size=3) == evaluate(
        TrashIoUMetric(), samples, batch=1
    )


def test_nothing_evaluated_is_nan():
    metric = TrashIoUMetric()
    metric.dataset_meta = METAINFO
    assert all(np.isnan(value) for value in metric.evaluate(0).values())


def test_confusion_file(tmp_path):
    path = tmp_path / 'out' / 'confusion.npz'
    metric = TrashIoUMetric(confusion_file=path)
    evaluate(metric, draw(2))
    with np.load(path) as stored:
        assert np.array_equal(stored['confusion'], metric.confusion)
        assert stored['classes'].tolist() == list(CLASSES)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match='got 0'):
        TrashIoUMetric(size=0)
    with pytest.raises(ValueError, match=r"got \('global', 'median'\)"):
        TrashIoUMetric(kinds=['global', 'median'])
    with pytest.raises(ValueError, match=r"'confusion\.txt'"):
        TrashIoUMetric(confusion_file='confusion.txt')
    sample = draw(1)[0]
    with pytest.raises(ValueError, match="'classes', got None"):
        TrashIoUMetric().process({}, [sample])
    metric = TrashIoUMetric()
    metric.dataset_meta = METAINFO
    sample['pred_sem_seg']['data'][0, 0, 0] = 11
    with pytest.raises(DataError, match=r'0\.jpg: .*prediction holds \[11\]'):
        metric.process({}, [sample])
    del sample['gt_sem_seg']
    with pytest.raises(DataError, match=r'0\.jpg has no label map'):
        metric.process({}, [sample])


def test_two_processes_with_uneven_shards_equal_one(tmp_path):
    samples = draw(7, classes=3, shape=(8, 8))
    torch.save(samples, tmp_path / 'samples.pt')
    worker = Path(__file__).with_name('ddp_worker.py')
    processes = [
        subprocess.Popen(
            [sys.executable, worker, str(rank), '2', tmp_path],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors
    ranks = [
        json.loads((tmp_path / f'rank{rank}.json').read_text()) for rank in range(2)
    ]
    # The sampler gave sample 0 to the second rank too, to even out the ranks.
    assert [rank.pop('dealt') for rank in ranks] == [[0, 2, 4, 6], [1, 3, 5, 0]]
    assert ranks[0] == ranks[1]
    one = evaluate(TrashIoUMetric(size=4), samples, SHARED, batch=1)
    assert ranks[0]['gpu 1'] == ranks[0]['cpu 1'] == one
    assert {'trash_IoU', 'trash_IoU_4'} <= set(one)
    # The same batches in one process: those of the ranks without the repetition.
    metric = TrashIoUMetric(size=4)
    metric.dataset_meta = SHARED
    for batch in ([0, 2], [1, 3], [4, 6], [5]):
        metric.process({}, [samples[index] for index in batch])
    by_two = metric.evaluate(7)
    assert ranks[0]['gpu 2'] == ranks[0]['cpu 2'] == by_two
    assert by_two['mIoU_batch'] != one['mIoU_batch']
    doubled = evaluate(TrashIoUMetric(size=4), [*samples, samples[0]], SHARED, batch=1)
    for key in ('mIoU', 'trash_IoU'):
        assert doubled[key] != one[key]
