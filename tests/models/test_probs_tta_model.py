"""Test-time augmentation averages probabilities and keeps them."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_trash.models import ProbsTTAModel


class Module(nn.Module):
    """Stands for a segmentor."""

    def __init__(self, output: str | None = None) -> None:
        super().__init__()
        self.decode_head = nn.Identity()
        self.out_channels = 3
        if output is not None:
            self.decode_head.output = output

    def test_step(self, data: dict) -> None:
        raise NotImplementedError


def views(*outputs: torch.Tensor) -> list[SegDataSample]:
    samples = []
    for output in outputs:
        sample = SegDataSample(metainfo=dict(file_name='a/1.jpg', img_path='/a/1.jpg'))
        sample.seg_logits = PixelData(data=output)
        sample.gt_sem_seg = PixelData(data=torch.ones(1, 2, 2, dtype=torch.int64))
        samples.append(sample)
    return samples


def test_averages_probabilities_not_logits() -> None:
    # one sure view for class 0, two mild ones for class 1: the mean logit says 0
    sure = torch.tensor([9.0, 0.0, 0.0]).view(3, 1, 1).expand(3, 2, 2)
    mild = torch.tensor([0.0, 3.0, 0.0]).view(3, 1, 1).expand(3, 2, 2)
    model = ProbsTTAModel(module=Module())
    (merged,) = model.merge_preds([views(sure, mild, mild)])
    expected = (sure.softmax(0) + 2 * mild.softmax(0)) / 3
    torch.testing.assert_close(merged.seg_probs.data, expected)
    torch.testing.assert_close(merged.seg_logits.data.softmax(0), expected)
    assert (merged.pred_sem_seg.data == 1).all()
    assert merged.pred_sem_seg.data.shape == (1, 2, 2)
    assert merged.metainfo['file_name'] == 'a/1.jpg'
    assert (merged.gt_sem_seg.data == 1).all()


@pytest.mark.parametrize('told', ['argument', 'head'])
def test_probabilities_are_not_softmaxed_again(told: str) -> None:
    one, two = torch.rand(2, 3, 2, 2).softmax(dim=1)
    model = (
        ProbsTTAModel(module=Module(), outputs='probs')
        if told == 'argument'
        else ProbsTTAModel(module=Module(output='probs'))
    )
    (merged,) = model.merge_preds([views(one, two)])
    torch.testing.assert_close(merged.seg_probs.data, (one + two) / 2)


def test_half_precision_is_averaged_in_float32() -> None:
    half = torch.randn(3, 2, 2).half()
    (merged,) = ProbsTTAModel(module=Module()).merge_preds([views(half, half)])
    assert merged.seg_probs.data.dtype == torch.float32
    torch.testing.assert_close(merged.seg_probs.data, half.float().softmax(0))


def test_zero_probability_has_a_finite_logarithm() -> None:
    probs = torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    model = ProbsTTAModel(module=Module(), outputs='probs')
    (merged,) = model.merge_preds([views(probs, probs)])
    assert torch.isfinite(merged.seg_logits.data).all()


def test_refuses() -> None:
    with pytest.raises(ValueError, match="'logits' or 'probs', got 'labels'"):
        ProbsTTAModel(module=Module(), outputs='labels')
    with pytest.raises(ValueError, match='a channel per class'):
        ProbsTTAModel(module=Module()).merge_preds([views(torch.zeros(1, 2, 2))])
    assert MODELS.get('ProbsTTAModel') is ProbsTTAModel
