import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix as sklearn_confusion
from torchmetrics.functional.segmentation import mean_iou

from mmseg_trash.metrics.confusion import (
    accuracy_from_confusion,
    confusion_matrices,
    confusion_matrix,
    iou_from_confusion,
    miou_batch,
    miou_global,
    miou_image,
    resize_nearest,
)


def draw(seed, shape=(40, 30), classes=11, ignored=0.2):
    rng = np.random.default_rng(seed)
    label = rng.integers(classes, size=shape)
    pred = np.where(rng.random(shape) < 0.6, label, rng.integers(classes, size=shape))
    label[rng.random(shape) < ignored] = 255
    return pred, label


def test_three_by_three_by_hand():
    label = np.array([[0, 0, 1], [1, 2, 255], [0, 0, 1]], dtype=np.uint8)
    pred = np.array([[0, 1, 1], [1, 1, 2], [0, 0, 0]], dtype=np.uint8)
    matrix = confusion_matrix(pred, label, 4)
    expected = [[3, 1, 0, 0], [1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert matrix.tolist() == expected
    assert matrix.dtype == np.int64
    iou = iou_from_confusion(matrix)
    assert iou[:3].tolist() == pytest.approx([3 / 5, 2 / 5, 0])
    assert np.isnan(iou[3])
    accuracy = accuracy_from_confusion(matrix)
    assert accuracy[:3].tolist() == pytest.approx([3 / 4, 2 / 3, 0])
    assert np.isnan(accuracy[3])
    assert miou_global(matrix) == pytest.approx(1 / 3)


@pytest.mark.parametrize('dtype', ['uint8', 'int16', 'uint16', 'int32', 'int64'])
@pytest.mark.parametrize('kind', ['array', 'tensor'])
def test_equals_sklearn(dtype, kind):
    for seed in range(5):
        pred, label = (values.astype(dtype) for values in draw(seed))
        counted = label != 255
        expected = sklearn_confusion(
            label[counted], pred[counted], labels=list(range(11))
        )
        if kind == 'tensor':
            pred, label = torch.from_numpy(pred), torch.from_numpy(label)
            if dtype == 'uint16':
                pred, label = pred.int(), label.long()
        assert np.array_equal(confusion_matrix(pred, label, 11), expected)


@pytest.mark.parametrize('classes', [1, 2, 127, 128, 150, 255])
def test_any_number_of_classes(classes):
    pred, label = draw(0, classes=classes)
    pred[0], label[0] = classes - 1, classes - 1
    matrix = confusion_matrix(pred, label, classes)
    assert matrix.shape == (classes, classes)
    assert matrix.sum() == (label != 255).sum()
    expected = np.zeros_like(matrix)
    np.add.at(expected, (label[label != 255], pred[label != 255]), 1)
    assert np.array_equal(matrix, expected)


@pytest.mark.parametrize('ignore_index', [-100, -1, 0, 3, 20, 255, 300])
def test_any_ignore_index(ignore_index):
    pred, label = draw(1, ignored=0)
    label[:5] = ignore_index
    for dtype in (np.int16, np.int64):
        matrix = confusion_matrix(pred, label.astype(dtype), 11, ignore_index)
        assert matrix.sum() == (label != ignore_index).sum()
    counted = label != ignore_index
    expected = sklearn_confusion(label[counted], pred[counted], labels=list(range(11)))
    assert np.array_equal(matrix, expected)


def test_a_negative_ignore_index_and_a_signed_byte():
    pred, label = draw(1, ignored=0)
    label[:5] = -1
    matrix = confusion_matrix(pred.astype(np.int8), label.astype(np.int8), 11, -1)
    assert matrix.sum() == (label >= 0).sum()


def test_arguments_are_not_changed_and_views_are_taken():
    pred, label = draw(2)
    expected = confusion_matrix(pred, label, 11)
    kept = pred.copy(), label.copy()
    confusion_matrix(torch.from_numpy(pred).short(), torch.from_numpy(label), 11, -100)
    assert np.array_equal(pred, kept[0])
    assert np.array_equal(label, kept[1])
    pred.flags.writeable = label.flags.writeable = False
    assert np.array_equal(
        confusion_matrix(pred[::-1, ::-1], label[::-1, ::-1], 11), expected
    )
    assert confusion_matrix(pred[:0], label[:0], 11).sum() == 0


@pytest.mark.parametrize('value', [-1, 11, 200, 255, 256, 65536, 65539])
def test_predictions_out_of_range_are_named(value):
    pred, label = draw(3)
    pred[2, 2] = value
    with pytest.raises(ValueError, match=rf'prediction holds \[{value}\].*0\.\.10'):
        confusion_matrix(pred, label, 11)


@pytest.mark.parametrize('value', [-1, 11, 254, 256, 65536, 65539])
def test_labels_out_of_range_are_named(value):
    pred, label = draw(3)
    label[2, 2] = value
    with pytest.raises(ValueError, match=rf'label map holds \[{value}\].*0\.\.10'):
        confusion_matrix(pred, label, 11)


def test_maps_that_do_not_fit():
    pred, label = draw(3)
    with pytest.raises(ValueError, match=r'\(40, 30\).*\(30, 40\)'):
        confusion_matrix(pred, label.T, 11)
    with pytest.raises(ValueError, match='prediction must hold integers, got float64'):
        confusion_matrix(pred.astype(float), label, 11)
    with pytest.raises(ValueError, match=r'integers, got torch.float32'):
        confusion_matrix(pred, torch.zeros(label.shape), 11)
    with pytest.raises(ValueError, match='got 0'):
        confusion_matrix(pred, label, 0)


@pytest.mark.parametrize('size', [1, 7, 20, 64])
def test_matrices_at_several_sizes(size):
    pred, label = draw(4)
    both = confusion_matrices(pred, label, 11, sizes=(None, size))
    assert np.array_equal(both[0], confusion_matrix(pred, label, 11))
    small = resize_nearest(pred, size), resize_nearest(label, size)
    assert np.array_equal(both[1], confusion_matrix(*small, 11))


def test_resize_from_512_to_256_takes_every_second_pixel():
    label = np.random.default_rng(0).integers(11, size=(2, 512, 512), dtype=np.uint8)
    assert np.array_equal(resize_nearest(label, 256), label[:, ::2, ::2])
    tensor = resize_nearest(torch.from_numpy(label), 256)
    assert np.array_equal(tensor.numpy(), label[:, ::2, ::2])


@pytest.mark.parametrize('shape', [(30, 40), (5, 7), (64, 64)])
@pytest.mark.parametrize('size', [1, 5, 32, 96])
def test_resize_equals_torch_nearest(shape, size):
    label = np.random.default_rng(1).integers(11, size=shape)
    tensor = torch.from_numpy(label)
    expected = F.interpolate(tensor[None, None].double(), (size, size), mode='nearest')
    assert np.array_equal(resize_nearest(label, size), expected[0, 0].numpy())
    assert torch.equal(resize_nearest(tensor, size), expected[0, 0].long())


@pytest.mark.parametrize(('shape', 'size'), [((4, 4), 0), ((0, 4), 2)])
def test_resize_refuses(shape, size):
    with pytest.raises(ValueError, match=f'{shape[0]}x4 to size {size}'):
        resize_nearest(np.zeros(shape, dtype=np.uint8), size)


def slow_image_iou(pred, label, classes):
    """The spec's sentence, pixel by pixel in Python."""
    ious = []
    for index in range(classes):
        both = either = 0
        for p, t in zip(pred.ravel().tolist(), label.ravel().tolist()):
            if t != 255:
                both += p == index and t == index
                either += p == index or t == index
        if either:
            ious.append(both / either)
    return sum(ious) / len(ious) if ious else math.nan


def test_image_kind_equals_a_slow_reference():
    pairs = [draw(seed, (9, 8)) for seed in range(6)]
    pairs[1][1][:] = 255
    pairs[2][1][:] = 4
    matrices = [confusion_matrix(*pair, 11) for pair in pairs]
    slow = [slow_image_iou(*pair, 11) for pair in pairs]
    assert math.isnan(slow[1])
    assert miou_image(matrices) == pytest.approx(np.nanmean(slow), abs=1e-12)


def test_image_kind_equals_torchmetrics_without_ignored_pixels():
    pairs = [draw(seed, (9, 8), ignored=0) for seed in range(6)]
    matrices = [confusion_matrix(*pair, 11) for pair in pairs]
    pred, label = (torch.tensor(np.stack(maps)) for maps in zip(*pairs))
    theirs = mean_iou(
        pred, label, num_classes=11, per_class=False, input_format='index'
    )
    assert miou_image(matrices) == pytest.approx(theirs.mean().item(), abs=1e-6)


def test_batch_kind_by_hand():
    one = np.diag([4, 0])
    two = np.array([[1, 1], [0, 2]])
    three = np.array([[0, 0], [3, 1]])
    # Batch 7 holds the first two: IoU 5/6 and 2/3. Batch 2 the third: 0 and 1/4.
    expected = ((5 / 6 + 2 / 3) / 2 + (0 + 1 / 4) / 2) / 2
    assert miou_batch([one, two, three], [7, 7, 2]) == pytest.approx(expected)
    assert miou_batch([one, three, two], [7, 2, 7]) == pytest.approx(expected)
    assert miou_batch([one, two, three], [0, 1, 2]) == miou_image([one, two, three])
    total = miou_batch([one, two, three], [0, 0, 0])
    assert total == pytest.approx(miou_global([one, two, three]))
    with pytest.raises(ValueError, match='2 batch numbers for 3'):
        miou_batch([one, two, three], [0, 1])


def test_nothing_counted_gives_nan_without_a_warning(recwarn):
    nothing = np.zeros((2, 3, 3), dtype=np.int64)
    assert math.isnan(miou_global(nothing))
    assert math.isnan(miou_image(nothing))
    assert math.isnan(miou_batch(nothing, [0, 1]))
    assert not recwarn.list
