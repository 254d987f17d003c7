import numpy as np
import pytest
import torch
from segmentation_models_pytorch.losses import DiceLoss
from sklearn.metrics import f1_score
from torchmetrics.functional.segmentation import dice_score

from mmseg_trash.losses import SoftDiceLoss

from .cases import IGNORED, batch


def test_hand_computed_value() -> None:
    # Two pixels of class 0 with p(0) = .9 and .5; class 1 is absent and left out.
    logits = torch.tensor([[0.9, 0.5], [0.1, 0.5]]).log().view(1, 2, 1, 2)
    label = torch.zeros(1, 1, 2, dtype=torch.long)
    value = SoftDiceLoss(smooth=0)(logits, label).item()
    assert value == pytest.approx(1 - 2 * 1.4 / (1.4 + 2))
    value = SoftDiceLoss(smooth=1)(logits, label).item()
    assert value == pytest.approx(1 - (2 * 1.4 + 1) / (1.4 + 2 + 1))


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('weights', [None, [0.5, 1.0, 2.0, 0.0]])
@pytest.mark.parametrize('smooth', [0.0, 1.0, 10.0])
def test_equals_segmentation_models_pytorch(
    seed: int, weights: list[float] | None, smooth: float
) -> None:
    logits, label = batch(seed)
    # theirs adds its smooth to I, which is twice ours
    theirs = DiceLoss(
        'multiclass', smooth=smooth / 2, ignore_index=IGNORED, class_weights=weights
    )(logits, label)
    ours = SoftDiceLoss(weights, smooth=smooth)(logits, label)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)


def test_of_a_hard_prediction_it_is_f1() -> None:
    logits, label = batch()
    hard = logits.argmax(1)
    valid = label != IGNORED
    f1 = f1_score(label[valid], hard[valid], average='macro')
    sure = 100 * torch.nn.functional.one_hot(hard, 4).permute(0, 3, 1, 2).float()
    loss = SoftDiceLoss(smooth=0)(sure, label)
    assert loss.item() == pytest.approx(1 - f1, abs=1e-6)
    flat = dict(num_classes=4, include_background=True, average='macro')
    score = dice_score(
        hard[valid][None], label[valid][None], input_format='index', **flat
    )
    assert loss.item() == pytest.approx(1 - score.item(), abs=1e-6)


def test_per_image_against_loops() -> None:
    logits, label = batch()
    label[1, label[1] == 3] = IGNORED
    weights = [1.0, 2.0, 3.0, 4.0]
    probs = logits.double().softmax(1).numpy()
    rows = []
    for image, truth in zip(probs, label.numpy()):
        total = divisor = 0.0
        for c in set(truth[truth != IGNORED].tolist()):
            p, y = image[c][truth != IGNORED], truth[truth != IGNORED] == c
            dice = (2 * p[y].sum() + 1) / (p.sum() + y.sum() + 1)
            total += weights[c] * (1 - dice)
            divisor += weights[c]
        rows.append(total / divisor)
    value = SoftDiceLoss(weights, per_image=True)(logits, label).item()
    assert value == pytest.approx(np.mean(rows))
    assert value != pytest.approx(SoftDiceLoss(weights)(logits, label).item(), abs=1e-4)


def test_bad_smooth() -> None:
    with pytest.raises(ValueError, match=r'smooth .* got -1'):
        SoftDiceLoss(smooth=-1)
