import pytest
import torch
from mmseg.registry import MODELS
from segmentation_models_pytorch.losses import JaccardLoss

from mmseg_trash.losses import SoftIoULoss

IGNORED = 255


def batch(seed=0, shape=(2, 5, 8, 9), ignored=0.2):
    """Draw logits and label maps that hold every class in every image."""
    generator = torch.Generator().manual_seed(seed)
    images, classes, *size = shape
    logits = torch.randn(shape, generator=generator) * 2
    label = torch.randint(classes, (images, *size), generator=generator)
    label[torch.rand(label.shape, generator=generator) < ignored] = IGNORED
    label[:, 0, :classes] = torch.arange(classes)
    return logits, label


def test_hand_computed_value():
    # Two pixels, two classes, both of class 0; p(0) = 0.9 and 0.5.
    logits = torch.tensor([[0.9, 0.5], [0.1, 0.5]]).log().view(1, 2, 1, 2)
    label = torch.zeros(1, 1, 2, dtype=torch.long)
    # I = 1.4, P = 1.4, T = 2, union 2; class 1 is absent and left out of the mean.
    assert SoftIoULoss(smooth=0)(logits, label).item() == pytest.approx(0.3)
    assert SoftIoULoss(smooth=1)(logits, label).item() == pytest.approx(1 - 2.4 / 3)
    # Both classes present: I = .9, P = 1.4, T = 1 and I = .5, P = .6, T = 1.
    label[0, 0, 1] = 1
    expected = 1 - (0.9 / 1.5 + 0.5 / 1.1) / 2
    assert SoftIoULoss(smooth=0)(logits, label).item() == pytest.approx(expected)


def test_per_image_is_the_mean_over_the_images():
    logits, label = batch()
    alone = [SoftIoULoss()(logits[i : i + 1], label[i : i + 1]) for i in range(2)]
    both = SoftIoULoss(per_image=True)(logits, label)
    assert both.item() == pytest.approx((alone[0] + alone[1]).item() / 2)
    assert both.item() != pytest.approx(SoftIoULoss()(logits, label).item(), abs=1e-4)
    label[1] = IGNORED
    only_first = SoftIoULoss(per_image=True)(logits, label)
    assert only_first.item() == pytest.approx(alone[0].item())


def test_ideal_below_bad_below_worst():
    _, label = batch(ignored=0)
    ideal = torch.nn.functional.one_hot(label, 5).permute(0, 3, 1, 2).float() * 50
    bad = ideal * 0.02
    worst = ideal.roll(1, dims=1)
    loss = SoftIoULoss()
    values = [loss(logits, label).item() for logits in (ideal, bad, worst)]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[0] < values[1] < values[2]
    assert values[2] > 0.9


@pytest.mark.parametrize('seed', range(5))
def test_equals_segmentation_models_pytorch(seed):
    logits, label = batch(seed)
    label[1, label[1] == 3] = IGNORED
    theirs = JaccardLoss('multiclass', smooth=1.0, ignore_index=IGNORED)(logits, label)
    assert SoftIoULoss()(logits, label).item() == pytest.approx(theirs.item(), abs=1e-6)


def test_absent_classes_are_left_out_of_the_mean():
    logits, label = batch()
    label[(label == 1) | (label == 4)] = 0
    theirs = JaccardLoss('multiclass', smooth=1.0, ignore_index=IGNORED)(logits, label)
    # Theirs divides by all five classes, three are there.
    assert SoftIoULoss()(logits, label).item() == pytest.approx(theirs.item() * 5 / 3)


def test_class_weight_weighs_the_mean_of_the_classes():
    logits, label = batch()
    weights = [1.0, 2.0, 0.0, 0.5, 3.0]
    theirs = JaccardLoss(
        'multiclass', smooth=1.0, ignore_index=IGNORED, class_weights=weights
    )(logits, label)
    ours = SoftIoULoss(class_weight=weights)(logits, label)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)


def test_bad_arguments_name_the_value():
    with pytest.raises(ValueError, match=r'smooth .* got -1'):
        SoftIoULoss(smooth=-1)
    with pytest.raises(ValueError, match=r"got 'iou'"):
        SoftIoULoss(loss_name='iou')
    with pytest.raises(ValueError, match=r'class_weight .* \[1, -2\]'):
        SoftIoULoss(class_weight=[1, -2])
    logits, label = batch()
    with pytest.raises(ValueError, match='2 numbers for 5 classes'):
        SoftIoULoss(class_weight=[1, 2])(logits, label)
    with pytest.raises(ValueError, match=r"reduction_override .* 'none'"):
        SoftIoULoss()(logits, label, reduction_override='none')
    with pytest.raises(ValueError, match=r'seg_label has the shape \(2, 4, 9\)'):
        SoftIoULoss()(logits, label[:, :4])
    with pytest.raises(ValueError, match=r'weight has the shape \(2, 9\)'):
        SoftIoULoss()(logits, label, weight=torch.ones(2, 9))
    label[0, 4, 4] = 37
    with pytest.raises(ValueError, match=r'\[37\]'):
        SoftIoULoss()(logits, label)


def test_registered_under_its_name():
    loss = MODELS.build(dict(type='SoftIoULoss', loss_weight=0.4))
    logits, label = batch()
    assert loss.loss_name == 'loss_soft_iou'
    expected = 0.4 * SoftIoULoss()(logits, label).item()
    assert loss(logits, label).item() == pytest.approx(expected)
    assert not MODELS.build(dict(type='SoftIoULoss', class_weight=[1, 2])).state_dict()
