"""Objects of any class against the background."""

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from mmseg_trash.metrics import TrashIoUMetric
from mmseg_trash.metrics.confusion import confusion_matrix
from mmseg_trash.metrics.trash_iou import trash_iou


def test_trash_iou_by_hand():
    """Of five pixels of objects or taken for some, two are both, of any class."""
    confusion = np.array([[7, 1, 1], [1, 1, 0], [0, 1, 0]])
    assert trash_iou(confusion, 0) == 2 / 5
    assert trash_iou(np.stack([confusion, confusion]), 0) == 2 / 5
    assert trash_iou(confusion, 1) == (7 + 1) / (12 - 1)
    assert np.isnan(trash_iou(np.diag([5, 0, 0]), 0))


@pytest.mark.parametrize('background', [0, 3])
def test_trash_iou_is_torchmetrics_binary_jaccard(background):
    torchmetrics = pytest.importorskip('torchmetrics.functional.classification')
    generator = torch.Generator().manual_seed(background)
    pred = torch.randint(11, (40, 50), generator=generator)
    label = torch.randint(11, (40, 50), generator=generator)
    label[torch.rand(label.shape, generator=generator) < 0.1] = 255
    kept = label != 255
    expected = torchmetrics.binary_jaccard_index(
        (pred != background)[kept].int(), (label != background)[kept].int()
    )
    found = trash_iou(confusion_matrix(pred, label, 11), background)
    assert found == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize('names, label', [
    (('Background', 'b', 'c'), 0),
    (('b', 'backgroud', 'c'), 1),
    (('a', 'b', 'c'), None),
])  # fmt: skip
def test_metric_leaves_ignored_pixels_out(names, label):
    """By label maps; no key where the classes have no background."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randint(3, (4, 2, 1, 8, 8), generator=generator)
    maps[:, 1][torch.rand(4, 1, 8, 8, generator=generator) < 0.2] = 255
    evaluator = Evaluator(TrashIoUMetric(size=4))
    evaluator.dataset_meta = dict(classes=names)
    evaluator.process([
        dict(pred_sem_seg=dict(data=p), gt_sem_seg=dict(data=t), img_path=str(i))
        for i, (p, t) in enumerate(maps)
    ])  # fmt: skip
    found = {k: v for k, v in evaluator.evaluate(4).items() if k.startswith('trash')}
    if label is None:
        assert not found
        return
    assert set(found) == {'trash_IoU', 'trash_IoU_4'}
    for suffix, step in (('', 1), ('_4', 2)):
        pred, true = maps[..., ::step, ::step].transpose(0, 1)
        ours, theirs = (m[true != 255] != label for m in (pred, true))
        share = (ours & theirs).sum() / (ours | theirs).sum()
        assert found[f'trash_IoU{suffix}'] == round(100 * share.item(), 2)
