"""Mixing within a batch, against the transforms and loops over pixels."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_trash.models import BatchClassMix, BatchCutMix, MixDataPreProcessor
from mmseg_trash.transforms import ClassMix, CutMix
from mmseg_trash.transforms.class_mix import ClassPaste, Donor
from mmseg_trash.transforms.cut_mix import BoxPaste
from mmseg_trash.transforms.image_pool import WholeImage

KINDS = pytest.mark.parametrize('kind', [BatchClassMix, BatchCutMix])


def batch(seed: int, number: int = 4, shape: tuple[int, int] = (12, 20)) -> tuple:
    """Return images (N, 3, H, W) and label maps (N, H, W) with ignored pixels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 0, 1, 4, 9, 10, 255], (number, *shape)).astype(np.uint8)
    labels[0] = rng.choice([0, 255], shape)
    images = rng.integers(0, 256, (number, *shape, 3), dtype=np.uint8)
    images[..., 0] = labels
    return images, labels


def pack(images: np.ndarray, labels: np.ndarray) -> tuple[torch.Tensor, list]:
    samples = []
    for label in labels:
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(label[None].astype(int)))
        samples.append(sample)
    return torch.from_numpy(images).permute(0, 3, 1, 2).float(), samples


def unpack(inputs: torch.Tensor, samples: list) -> tuple[np.ndarray, np.ndarray]:
    labels = torch.stack([s.gt_sem_seg.data[0] for s in samples])
    return inputs.permute(0, 2, 3, 1).byte().numpy(), labels.byte().numpy()


@pytest.mark.parametrize('background', [False, True])
@pytest.mark.parametrize('weights', [None, {'Battery': 4.0, 'Clothing': 0.0}])
def test_class_mix_equals_the_transform(background: bool, weights: dict | None) -> None:
    changed = 0
    for seed in range(20):
        images, labels = batch(seed)
        step = BatchClassMix(1.0, background, weights)
        np.random.seed(seed)
        found = unpack(*step(*pack(images, labels)))
        np.random.seed(seed)
        np.random.random(4)
        clocks = step.draw(torch.from_numpy(labels))
        transform = ClassMix(1.0, background, weights)
        for i in range(4):
            j = (i + 1) % 4
            shown = np.unique(labels[j])
            shown = shown[shown != 255]
            candidates = shown[step.weights[shown] > 0]
            image, label = images[i].copy(), labels[i].copy()
            if len(candidates):
                number = max(1, len(candidates) // 2)
                taken = candidates[clocks[i, candidates].argsort()[:number]]
                donor = Donor(j, images[j], labels[j], candidates, None)
                transform.paste(image, label, ClassPaste(donor, taken, 0, 0))
                changed += 1
            assert np.array_equal(found[0][i], image)
            assert np.array_equal(found[1][i], label)
    assert changed >= 60


def test_class_mix_draws_as_the_transform() -> None:
    """The classes taken of one donor follow one law, in the batch and alone."""
    labels = np.zeros((2, 1, 5), np.uint8)
    labels[1] = [1, 4, 4, 9, 10]
    weights = {'Battery': 4.0}
    step = BatchClassMix(1.0, class_weights=weights)
    np.random.seed(0)
    pairs = []
    for _ in range(3000):
        plan = step.draw(torch.from_numpy(labels))
        donors = torch.from_numpy(labels).long().roll(-1, 0)
        taken = donors[0][step.choose(donors, plan)[0]]
        pairs.append(tuple(sorted(set(taken.tolist()))))
    transform = ClassMix(1.0, class_weights=weights)

    candidates = np.array([1, 4, 9, 10])
    donor = Donor(1, None, labels[1], candidates, step.weights[candidates])

    class Pool:
        def draw(self) -> Donor:
            return donor

    alone = []
    for _ in range(3000):
        plan = transform.draw_paste(dict(gt_seg_map=labels[0]), Pool())
        alone.append(tuple(sorted(plan.labels.tolist())))
    assert set(pairs) == set(alone) and len(set(pairs)) == 6
    for pair in set(pairs):
        assert abs(pairs.count(pair) - alone.count(pair)) < 130


def test_cut_mix_equals_the_transform() -> None:
    for seed in range(20):
        images, labels = batch(seed)
        step, transform = BatchCutMix(1.0), CutMix(1.0)
        np.random.seed(seed)
        found = unpack(*step(*pack(images, labels)))
        np.random.seed(seed)
        np.random.random(4)
        for i, box in enumerate(step.draw(torch.from_numpy(labels))):
            j = (i + 1) % 4
            image, label = images[i].copy(), labels[i].copy()
            donor = WholeImage(j, images[j], labels[j])
            transform.paste(image, label, BoxPaste(donor, 0, 0, box))
            assert np.array_equal(found[0][i], image)
            assert np.array_equal(found[1][i], label)


@KINDS
def test_probability(kind: type) -> None:
    images, labels = batch(1)
    inputs, samples = pack(images, labels)
    state = np.random.get_state()[1].copy()
    same, _ = kind(0.0)(inputs, samples)
    assert same is inputs and np.array_equal(np.random.get_state()[1], state)
    one, _ = kind(1.0)(inputs[:1], samples[:1])
    assert one is not None and torch.equal(one, inputs[:1])
    np.random.seed(0)
    changed = 0
    for _ in range(300):
        mixed, _ = kind(0.3)(*pack(images, labels))
        changed += sum(not torch.equal(a, b) for a, b in zip(mixed[:3], inputs[:3]))
    assert 150 < changed < 330  # .3 * 900, less what pastes nothing


@KINDS
def test_ignored_stays_out_and_labels_stay_aligned(kind: type) -> None:
    np.random.seed(0)
    for seed in range(20):
        images, labels = batch(seed)
        image, label = unpack(*kind(1.0)(*pack(images, labels)))
        assert np.array_equal(image[..., 0], label)  # blue is the label
        assert (label[labels != 255] != 255).all()


@KINDS
def test_preprocessor_mixes_in_training_alone(kind: type) -> None:
    images, labels = batch(3, shape=(10, 16))
    cfg = dict(
        type='MixDataPreProcessor',
        mean=[0.0, 0.0, 0.0],
        std=[1.0, 1.0, 1.0],
        bgr_to_rgb=True,
        size=(12, 20),
        seg_pad_val=255,
    )
    step = dict(type=kind.__name__, prob=1.0)

    def data() -> dict:
        inputs, samples = pack(images, labels)
        return dict(inputs=list(inputs.byte()), data_samples=samples)

    np.random.seed(0)
    plain = MODELS.build(cfg)
    mixing = MODELS.build(dict(cfg, batch_augments=[step]))
    assert isinstance(mixing, MixDataPreProcessor)
    assert MODELS.build(cfg).batch_augments is None
    one, two = plain(data(), training=True), mixing(data(), training=True)
    assert two['inputs'].shape == (4, 3, 12, 20)
    assert not torch.equal(one['inputs'], two['inputs'])
    truth = torch.stack([s.gt_sem_seg.data[0] for s in two['data_samples']])
    assert (truth[:, 10:] == 255).all() and (truth[:, :, 16:] == 255).all()
    assert torch.equal(two['inputs'][:, 2, :10, :16], truth[:, :10, :16].float())
    one, two = plain(data()), mixing(data())
    assert torch.equal(one['inputs'], two['inputs'])


@KINDS
def test_nothing_is_read_back_from_the_device(kind: type) -> None:
    """Tensors without values pass: no number of theirs is looked at."""
    samples = []
    for _ in range(3):
        sample = SegDataSample()
        label = torch.zeros(1, 8, 9, dtype=torch.int64, device='meta')
        sample.gt_sem_seg = PixelData(data=label)
        samples.append(sample)
    inputs, _ = kind(1.0)(torch.zeros(3, 3, 8, 9, device='meta'), samples)
    assert inputs.is_meta and inputs.shape == (3, 3, 8, 9)


@pytest.mark.parametrize('config', [
    dict(type='BatchCutMix', alpha=0),
    dict(type='BatchCutMix', prob=2),
    dict(type='BatchClassMix', class_weights={'Metal': -1}),
])  # fmt: skip
def test_bad_arguments(config: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        MODELS.build(config)
