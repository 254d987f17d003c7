"""The IoU of trash against background: by hand, by sklearn, and where there is none."""

import math

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from sklearn.metrics import jaccard_score

from mmseg_trash.metainfo import CLASSES, METAINFO_COHORT1, background_label
from mmseg_trash.metrics import TrashIoUMetric
from mmseg_trash.metrics.confusion import confusion_matrix, trash_iou

# Rows are the truth. Objects stand in rows and columns 1 and 2: 2 + 3 + 4 + 5 pixels
# are objects in both, 1 + 6 are overlooked, 7 + 8 are invented.
COUNTS = np.array([[90, 7, 8], [1, 2, 3], [6, 4, 5]])


def draw(seed: int, classes: int = 11, ignored: float = 0.2):
    rng = np.random.default_rng(seed)
    shape = (4, 31, 27)
    label = rng.integers(classes, size=shape) * (rng.random(shape) < 0.4)
    noise = rng.integers(classes, size=shape)
    pred = np.where(rng.random(shape) < 0.7, label, noise)
    label[rng.random(shape) < ignored] = 255
    return pred, label


def binary(pred, label, background: int) -> float:
    counted = label != 255
    return jaccard_score(label[counted] != background, pred[counted] != background)


def evaluate(pred, label, classes, again=(), **kwargs) -> dict[str, float]:
    """Evaluate all images, and some again, as a sampler evens out its ranks."""
    evaluator = Evaluator(TrashIoUMetric(**kwargs))
    evaluator.dataset_meta = dict(classes=classes)
    for index in (*range(len(pred)), *again):
        pair = [dict(data=torch.from_numpy(m[index])[None]) for m in (pred, label)]
        sample = dict(pred_sem_seg=pair[0], gt_sem_seg=pair[1], img_path=str(index))
        evaluator.process([sample])
    return evaluator.evaluate(len(pred))


def test_three_by_three_by_hand():
    assert trash_iou(COUNTS, 0) == (2 + 3 + 4 + 5) / (14 + 1 + 6 + 7 + 8)
    assert trash_iou(COUNTS, 2) == (90 + 7 + 1 + 2) / (100 + 6 + 4 + 8 + 3)
    assert trash_iou([COUNTS, COUNTS], 0) == trash_iou(COUNTS, 0)
    # An object of the wrong class is found all the same.
    assert trash_iou([[5, 0, 0], [0, 0, 3], [0, 2, 0]], 0) == 1
    assert trash_iou([[5, 0, 1], [2, 0, 0], [0, 0, 0]], 0) == 0
    assert type(trash_iou(COUNTS, 0)) is float


def test_without_objects_it_is_nan_without_a_warning(recwarn):
    for counts in ([[7, 0], [0, 0]], np.zeros((0, 2, 2)), [[4]]):
        assert math.isnan(trash_iou(counts, 0))
    assert not recwarn.list


@pytest.mark.parametrize('background', [-1, 3])
def test_no_such_background(background):
    with pytest.raises(ValueError, match=f'below 3, got {background}'):
        trash_iou(COUNTS, background)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('background', [0, 4])
def test_equals_sklearn(seed, background):
    pred, label = draw(seed)
    matrices = [confusion_matrix(p, t, 11) for p, t in zip(pred, label)]
    expected = binary(pred, label, background)
    assert trash_iou(matrices, background) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('place', [0, 2])
def test_metric_equals_sklearn_at_both_sizes(place):
    classes = ['a', 'b', 'c', 'd']
    classes[place] = 'Background'
    pred, label = draw(7, classes=4)
    found = evaluate(pred, label, classes, size=16)
    small = np.ix_(range(4), np.arange(16) * 31 // 16, np.arange(16) * 27 // 16)
    assert found['trash_IoU'] == round(100 * binary(pred, label, place), 2)
    resized = binary(pred[small], label[small], place)
    assert found['trash_IoU_16'] == round(100 * resized, 2)
    assert found['trash_IoU'] != found['trash_IoU_16']


def test_ignored_pixels_are_left_out():
    label = np.array([[[0, 1, 2, 255, 255]]])
    classes = ('Background', 'a', 'b')
    for rest in ([0, 0], [1, 2]):
        pred = np.array([[[0, 2, 0, *rest]]])
        assert evaluate(pred, label, classes, size=None)['trash_IoU'] == 50
    nothing = np.full_like(label, 255)
    assert math.isnan(evaluate(label * 0, nothing, classes)['trash_IoU'])


def test_padding_counts_once():
    pred, label = draw(3, classes=3)
    classes = ('Background', 'a', 'b')
    expected = evaluate(pred, label, classes, size=8)
    assert evaluate(pred, label, classes, again=[0], size=8) == expected
    twice = [0, 1, 2, 3, 0]
    doubled = evaluate(pred[twice], label[twice], classes, size=8)
    assert doubled['trash_IoU'] != expected['trash_IoU']


@pytest.mark.parametrize(
    ('names', 'label'),
    [
        (CLASSES, 0),
        (METAINFO_COHORT1['classes'], 0),
        (('Can', 'Backgroud'), 1),
        (('can', ' background '), 1),
        (('Can', 'Cup'), None),
        (('Can', 'Background noise'), None),
        ((), None),
    ],
)
def test_which_class_is_the_background(names, label):
    assert background_label(names) == label


@pytest.mark.parametrize(
    ('classes', 'kwargs', 'keys'),
    [
        (('Backgroud', 'b'), dict(size=8), {'trash_IoU', 'trash_IoU_8'}),
        (('Background', 'b'), dict(size=None), {'trash_IoU'}),
        (('Background', 'b'), dict(prefix='x'), {'x/trash_IoU', 'x/trash_IoU_256'}),
        (('Background', 'b'), dict(kinds=['image', 'batch']), set()),
        (('a', 'b'), {}, set()),
    ],
)
def test_keys(classes, kwargs, keys):
    found = evaluate(*draw(0, classes=2), classes, **kwargs)
    assert {key for key in found if 'trash' in key} == keys
