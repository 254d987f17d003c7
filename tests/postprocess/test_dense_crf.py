"""DenseCRF against pydensecrf's output, and against sums over all pairs of pixels."""

from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.postprocess.crf_params import PRESETS, CRFParams
from mmseg_trash.postprocess.dense_crf import dense_crf
from mmseg_trash.postprocess.permutohedral import build_lattice

pytest.importorskip('numba')
DATA = Path(__file__).parents[1] / 'data'


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return (powers / powers.sum(axis=0)).astype(np.float32)


def scene(height: int, width: int, classes: int, seed: int = 0):
    """Draw two areas of noisy colour, and noisy probabilities that half know them."""
    generator = np.random.default_rng(seed)
    left = np.arange(width) < width // 2
    image = np.where(left[:, None], [60, 90, 140], [200, 160, 40])[None]
    image = image + generator.normal(0, 6, (height, width, 3))
    logits = generator.normal(0, 1.5, (classes, height, width))
    logits[0] += 1.5 * left
    logits[1] += 1.5 * ~left
    return softmax(logits), image.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def golden() -> tuple[np.ndarray, np.ndarray, np.ndarray, CRFParams]:
    """Return probabilities, image, pydensecrf's marginals and its parameters."""
    stored = np.load(DATA / 'densecrf_ratios.npz')
    ratios = stored['ratios'] * stored['step']
    probs = softmax(np.concatenate([np.zeros_like(ratios[:1]), ratios]))
    stored = np.load(DATA / 'densecrf_pydensecrf10rc3.npz')
    iterations, *rest = stored['params'].tolist()
    params = CRFParams(int(iterations), *rest)
    return probs, stored['image'], stored['marginals'] / 65535, params


def exact(probs: np.ndarray, image: np.ndarray, params: CRFParams) -> np.ndarray:
    """Run the mean field with true Gaussians between all pairs of pixels."""
    classes, height, width = probs.shape
    y, x = np.mgrid[:height, :width].reshape(2, -1).astype(float)
    colour = image.reshape(-1, 3).astype(float)

    def kernel(features: np.ndarray) -> np.ndarray:
        apart = ((features[:, None] - features[None]) ** 2).sum(-1)
        full = np.exp(-apart / 2)
        norm = 1 / np.sqrt(full.sum(1))
        return norm[:, None] * full * norm

    place = np.stack([x, y], 1)
    smooth = kernel(place / params.smooth_xy)
    bilateral = kernel(
        np.hstack([place / params.bilateral_xy, colour / params.bilateral_rgb])
    )
    message = params.smooth_weight * smooth + params.bilateral_weight * bilateral
    unary = np.log(probs.reshape(classes, -1).T.clip(params.floor, 1)).astype(float)
    q = softmax(unary.T).T
    for _ in range(params.iterations):
        q = softmax((unary + message @ q).T).T
    return q.T.reshape(probs.shape)


def test_equals_pydensecrf(golden) -> None:
    probs, image, expected, params = golden
    found = dense_crf(probs, image, params)
    assert found.dtype == np.float32 and found.shape == probs.shape
    assert abs(found - expected).max() < 5e-4
    agreement = (found.argmax(0) == expected.argmax(0)).mean()
    assert agreement >= 0.9999
    assert (probs.argmax(0) == expected.argmax(0)).mean() < 0.9, 'CRF changes much'
    assert abs(found.sum(0) - 1).max() < 1e-5


def test_golden_needs_each_of_the_parameters(golden) -> None:
    probs, image, expected, params = golden
    for name in ('smooth_xy', 'smooth_weight', 'bilateral_xy', 'bilateral_rgb',
                 'bilateral_weight'):  # fmt: skip
        other = CRFParams(**{**vars(params), name: 1.5 * getattr(params, name)})
        assert abs(dense_crf(probs, image, other) - expected).max() > 0.01, name
    other = CRFParams(**{**vars(params), 'iterations': 1})
    assert abs(dense_crf(probs, image, other) - expected).max() > 0.01


@pytest.mark.parametrize('dims', [1, 2, 5])
def test_lattice_is_near_the_true_gaussian(dims: int) -> None:
    """The lattice's kernel is a spline near the Gaussian: normalised sums are close."""
    generator = np.random.default_rng(dims)
    features = generator.uniform(0, 4, (600, dims)).astype(np.float32)
    values = np.sin(features.sum(1, keepdims=True)).astype(np.float32)
    apart = ((features[:, None] - features[None]) ** 2).sum(-1)
    full = np.exp(-apart.astype(float) / 2)
    expected = full @ values / full.sum(1, keepdims=True)
    lattice = build_lattice(features)
    found = lattice.filter(values) / lattice.filter(np.ones_like(values))
    assert abs(found - expected).mean() < 0.04
    assert np.corrcoef(found[:, 0], expected[:, 0])[0, 1] > 0.975
    assert np.allclose(lattice.weight.sum(1), 1, atol=1e-5)
    assert lattice.weight.min() > -1e-5
    assert lattice.index.min() == 1 and lattice.index.max() == lattice.size


def test_filter_is_symmetric_and_linear() -> None:
    """Symmetric but for the points that are missing at the rim of the lattice."""
    generator = np.random.default_rng(0)
    lattice = build_lattice(generator.normal(0, 2, (300, 3)).astype(np.float32))
    a, b = generator.random((2, 300, 1)).astype(np.float32)
    assert np.isclose(
        (a * lattice.filter(b)).sum(), (b * lattice.filter(a)).sum(), rtol=5e-3
    )
    both = lattice.filter(np.hstack([a, b, 2 * a - b]))
    assert np.allclose(both[:, :1], lattice.filter(a), rtol=1e-5)
    assert np.allclose(both[:, 2], 2 * both[:, 0] - both[:, 1], atol=1e-3)


@pytest.mark.parametrize('preset', sorted(PRESETS))
def test_near_the_sum_over_all_pairs(preset: str) -> None:
    """The lattice approximates the Gaussians, and decides as they do."""
    probs, image = scene(14, 18, 3)
    params = PRESETS[preset]
    found = dense_crf(probs, image, params)
    expected = exact(probs, image, params)
    assert (found.argmax(0) == expected.argmax(0)).mean() > 0.97
    assert abs(found - expected).mean() < 0.02
    assert abs(expected - probs).mean() > 0.1


@pytest.mark.parametrize('classes', [1, 2, 4, 5, 11])
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (7, 5)])
def test_any_size_and_number_of_classes(classes: int, size: tuple[int, int]) -> None:
    probs, image = scene(*size, max(classes, 2))
    probs = softmax(np.log(probs[:classes]))
    found = dense_crf(probs, image, CRFParams(3))
    assert found.shape == probs.shape
    assert abs(found.sum(0) - 1).max() < 1e-5
    if size[0] > 1:
        assert abs(found - exact(probs, image, CRFParams(3))).max() < 0.05


def test_threads_do_not_change_a_bit() -> None:
    probs, image = scene(61, 47, 5)
    one = dense_crf(probs, image, threads=1)
    for threads in (2, 3, 9):
        assert np.array_equal(dense_crf(probs, image, threads=threads), one)


def test_order_of_the_classes_does_not_matter() -> None:
    probs, image = scene(40, 30, 6)
    order = [3, 0, 5, 1, 4, 2]
    found = dense_crf(np.ascontiguousarray(probs[order]), image)
    assert abs(found - dense_crf(probs, image)[order]).max() < 1e-4


def test_views_and_half_precision_are_read_right() -> None:
    probs, image = scene(40, 30, 4)
    expected = dense_crf(probs, image)
    turned = np.ascontiguousarray(probs.transpose(2, 1, 0)).transpose(2, 1, 0)
    mirrored = np.ascontiguousarray(image[:, ::-1])[:, ::-1]
    assert np.array_equal(dense_crf(turned, mirrored), expected)
    half = dense_crf(probs.astype(np.float16), image)
    assert half.dtype == np.float32 and abs(half - expected).max() < 0.05


def test_identity_without_messages() -> None:
    probs, image = scene(20, 20, 4)
    for params in (CRFParams(0), CRFParams(5, smooth_weight=0, bilateral_weight=0)):
        assert abs(dense_crf(probs, image, params) - probs).max() < 1e-4
    # One class wins at each pixel of a map that is certain.
    certain = np.eye(4, dtype=np.float32)[probs.argmax(0)].transpose(2, 0, 1)
    weak = CRFParams(3, smooth_weight=0.1, bilateral_weight=0.1)
    assert np.array_equal(dense_crf(certain, image, weak).argmax(0), certain.argmax(0))


def test_colour_keeps_areas_apart() -> None:
    """Smoothing crosses an edge of the image unless appearance counts."""
    probs, image = scene(40, 40, 2)
    truth = (np.arange(40) >= 20) * np.ones((40, 1), dtype=int)
    errors = [
        (dense_crf(probs, image, params).argmax(0) != truth).mean()
        for params in (CRFParams(0), CRFParams(), CRFParams(smooth_weight=0))
    ]
    assert errors[0] > 0.1
    assert errors[1] == errors[2] == 0
