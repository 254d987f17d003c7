import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as tv

from mmseg_trash.transforms import AugMix
from mmseg_trash.transforms import photometric as ph
from mmseg_trash.transforms.aug_mix import Mixture


def picture(seed: int = 0, low: int = 30, high: int = 180) -> np.ndarray:
    """Return a BGR image whose values do not reach 0 and 255."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(low, high, 40 * 50).reshape(40, 50, 1)
    noise = rng.normal([0, 5, -9], 12, (40, 50, 3))
    return np.clip(ramp + noise, low, high).astype(np.uint8)


def by_torchvision(image: np.ndarray, function, *args) -> np.ndarray:
    """Run a function of torchvision, which takes RGB and channels first."""
    tensor = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    return function(tensor, *args).permute(1, 2, 0).numpy()[..., ::-1]


@pytest.mark.parametrize('name, level, function, args, tolerance', [
    ('autocontrast', 3.0, tv.autocontrast, (), 1),
    ('equalize', 3.0, tv.equalize, (), 0),
    ('posterize', 2.4, tv.posterize, (4,), 0),
    ('posterize', 2.5, tv.posterize, (3,), 0),
    ('posterize', 10.0, tv.posterize, (0,), 0),
    ('solarize', 3.0, tv.solarize, (256 - 76,), 0),
    ('solarize', 10.0, tv.solarize, (0,), 0),
    ('saturate', 3.0, tv.adjust_saturation, (0.64,), 2),
    ('contrast', 6.0, tv.adjust_contrast, (1.18,), 2),
    ('brighten', 2.0, tv.adjust_brightness, (0.46,), 1),
    ('sharpen', 8.0, tv.adjust_sharpness, (1.54,), 1),
])  # fmt: skip
def test_changes_equal_torchvision(name, level, function, args, tolerance) -> None:
    changes = {**ph.CHANGES, **ph.MORE_CHANGES}
    for seed in range(3):
        image = picture(seed)
        found = changes[name](image, level)
        assert found.dtype == np.uint8 and found.shape == image.shape
        expected = by_torchvision(image, function, *args)
        assert np.abs(found.astype(int) - expected).max() <= tolerance
        if name != 'sharpen':
            assert (found != image).any()


@pytest.mark.parametrize('name', sorted({**ph.CHANGES, **ph.MORE_CHANGES}))
def test_changes_take_even_and_tiny_images(name: str) -> None:
    change = {**ph.CHANGES, **ph.MORE_CHANGES}[name]
    for shape in ((1, 1, 3), (2, 7, 3), (9, 9, 3)):
        image = np.full(shape, 77, np.uint8)
        before = image.copy()
        assert change(image, 3.0).shape == shape
        assert np.array_equal(image, before)


def test_mixture_by_hand() -> None:
    image = picture(high=220)
    transform = AugMix()
    plan = Mixture(
        [[('solarize', 3.0)], [('equalize', 1.0), ('posterize', 2.0)]],
        np.array([0.3, 0.7]),
        0.4,
    )
    transform.draw = lambda: plan
    found = transform(dict(img=image))['img']
    first = ph.solarize(image, 3.0).astype(float)
    second = ph.posterize(ph.equalize(image), 2.0).astype(float)
    expected = 0.6 * image + 0.4 * (0.3 * first + 0.7 * second)
    assert np.abs(found - expected).max() <= 0.51


def test_draws_follow_the_paper() -> None:
    np.random.seed(0)
    transform = AugMix()
    plans = [transform.draw() for _ in range(600)]
    assert all(len(plan.chains) == 3 for plan in plans)
    weights = np.array([plan.weights for plan in plans])
    assert np.allclose(weights.sum(1), 1)
    # Dirichlet(1, 1, 1): mean 1/3, variance 1/18; Beta(1, 1): mean 1/2, variance 1/12
    assert np.abs(weights.mean(0) - 1 / 3).max() < 0.04
    assert np.abs(weights.var(0) - 1 / 18).max() < 0.01
    shares = np.array([plan.share for plan in plans])
    assert abs(shares.mean() - 0.5) < 0.04 and abs(shares.var() - 1 / 12) < 0.01
    chains = [chain for plan in plans for chain in plan.chains]
    depths = [len(chain) for chain in chains]
    assert {*depths} == {1, 2, 3} and min(map(depths.count, (1, 2, 3))) > 500
    names = [name for chain in chains for name, _ in chain]
    assert {*names} == {*ph.CHANGES}
    assert min(map(names.count, ph.CHANGES)) > 750
    levels = [level for chain in chains for _, level in chain]
    assert min(levels) >= 0.1 and max(levels) <= 3 and abs(np.mean(levels) - 1.55) < 0.1


def test_label_is_not_touched_and_seed_repeats() -> None:
    done = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        label = np.zeros((40, 50), np.uint8)
        sample = dict(img=picture(), gt_seg_map=label, seg_fields=['gt_seg_map'])
        result = AugMix(all_changes=True)(sample)
        assert result['gt_seg_map'] is label and result['img'].dtype == np.uint8
        done.append(result['img'])
    assert np.array_equal(done[0], done[1])
    assert not np.array_equal(done[0], done[2])


def test_probability_zero_is_the_identity() -> None:
    image = picture()
    assert AugMix(prob=0.0)(dict(img=image))['img'] is image


def test_red_stays_red() -> None:
    np.random.seed(0)
    image = np.zeros((20, 20, 3), np.uint8)
    image[..., 2] = np.linspace(100, 200, 400).reshape(20, 20)
    image[..., 0] = 10
    transform = AugMix()
    for _ in range(30):
        mixed = transform(dict(img=image))['img']
        assert len(np.unique(mixed[..., 0])) == 1 < len(np.unique(mixed[..., 2]))


@pytest.mark.parametrize('arguments', [
    dict(severity=11), dict(severity=0), dict(width=0), dict(depth=(0, 1)),
    dict(alpha=0), dict(prob=2),
])  # fmt: skip
def test_bad_arguments(arguments: dict) -> None:
    with pytest.raises(ValueError, match='got'):
        AugMix(**arguments)


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError, match='uint8'):
        AugMix()(dict(img=picture().astype(np.float32)))
