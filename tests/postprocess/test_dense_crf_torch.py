"""The CRF in tensor operations against the compiled one and pydensecrf's output."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg_trash.postprocess.crf_params import PRESETS, CRFParams
from mmseg_trash.postprocess.dense_crf_torch import dense_crf_torch
from mmseg_trash.postprocess.permutohedral_torch import BatchLattice

DATA = Path(__file__).parents[1] / 'data'


def scenes(number: int, classes: int, height: int = 41, width: int = 36):
    """Draw images of blurred noise and probabilities that do not know them."""
    generator = np.random.default_rng(number + classes)
    colours = generator.integers(0, 256, (number, 4, 4, 3))
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    images = colours[:, rows[:, None], columns]
    images = images + generator.normal(0, 4, images.shape)
    probs = generator.dirichlet(np.ones(classes), (number, height, width))
    probs = probs.transpose(0, 3, 1, 2).astype(np.float32)
    return (
        torch.from_numpy(np.ascontiguousarray(probs)),
        torch.from_numpy(images.clip(0, 255).astype(np.uint8)),
    )


@pytest.mark.parametrize('preset', sorted(PRESETS))
def test_equals_the_compiled_one(preset: str) -> None:
    pytest.importorskip('numba')
    from mmseg_trash.postprocess.dense_crf import dense_crf

    probs, images = scenes(2, 5)
    found = dense_crf_torch(probs, images, PRESETS[preset])
    assert found.dtype == torch.float32 and found.shape == probs.shape
    for alone, image, one in zip(found, images, probs):
        expected = dense_crf(one.numpy(), image.numpy(), PRESETS[preset])
        assert abs(alone.numpy() - expected).max() < 2e-4
        assert abs(expected - one.numpy()).mean() > 0.1, 'the CRF changes much'


def test_equals_pydensecrf() -> None:
    stored = np.load(DATA / 'densecrf_ratios.npz')
    ratios = torch.from_numpy(stored['ratios'] * stored['step']).float()
    probs = torch.cat([torch.zeros_like(ratios[:1]), ratios]).softmax(0)
    stored = np.load(DATA / 'densecrf_pydensecrf10rc3.npz')
    iterations, *rest = stored['params'].tolist()
    image = torch.from_numpy(stored['image'])[None]
    found = dense_crf_torch(probs[None], image, CRFParams(int(iterations), *rest))
    expected = stored['marginals'] / 65535
    assert abs(found[0].numpy() - expected).max() < 5e-4
    assert (found[0].numpy().argmax(0) == expected.argmax(0)).mean() >= 0.9999


def test_lattice_equals_the_compiled_one() -> None:
    """The same points, weights and neighbours, whatever their order."""
    pytest.importorskip('numba')
    from mmseg_trash.postprocess.permutohedral import build_lattice

    generator = np.random.default_rng(3)
    features = generator.normal(0, 6, (500, 3)).astype(np.float32)
    # Halves lie on borders between simplices, where ties are decided.
    features[:200] = np.rint(features[:200] * 2) / 2
    found, expected = BatchLattice(torch.from_numpy(features)[None]), None
    expected = build_lattice(features)
    assert np.array_equal(found.weight.numpy(), expected.weight)
    assert found.size == expected.size
    # Rename the rows of one as those of the other.
    name = np.zeros(found.size + 1, int)
    name[found.index.numpy()] = expected.index
    assert np.array_equal(np.sort(name), np.arange(found.size + 1))
    for near, other in zip(found.near.numpy(), expected.near):
        assert np.array_equal(name[near], other[name])


def test_images_of_a_batch_do_not_meet() -> None:
    probs, images = scenes(3, 4)
    together = dense_crf_torch(probs, images)
    for k in range(3):
        alone = dense_crf_torch(probs[k : k + 1], images[k : k + 1])
        assert torch.equal(together[k : k + 1], alone)


@pytest.mark.parametrize('classes', [1, 2, 11])
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (7, 5)])
def test_any_size_and_number_of_classes(classes: int, size: tuple[int, int]) -> None:
    probs, images = scenes(2, classes, *size)
    found = dense_crf_torch(probs, images, CRFParams(3))
    assert found.shape == probs.shape
    assert (found.sum(1) - 1).abs().max() < 1e-5


def test_views_half_precision_and_gradients() -> None:
    probs, images = scenes(2, 4)
    expected = dense_crf_torch(probs, images)
    last = probs.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert torch.equal(dense_crf_torch(last.requires_grad_(), images), expected)
    with torch.autocast('cpu', torch.bfloat16):
        half = dense_crf_torch(probs.half(), images)
    assert half.dtype == torch.float32 and (half - expected).abs().max() < 0.05


def test_identity_without_messages() -> None:
    probs, images = scenes(1, 4)
    for params in (CRFParams(0), CRFParams(5, smooth_weight=0, bilateral_weight=0)):
        found = dense_crf_torch(probs, images, params)
        assert (found - probs).abs().max() < 1e-4


def test_bad_input() -> None:
    probs, images = scenes(2, 3)
    bad = [
        (probs[0], images, r'B x C x H x W, got torch.float32 of shape \(3, 41, 36\)'),
        (probs.long(), images, 'got torch.int64'),
        (probs.log(), images, 'not 0 to 1'),
        (probs * float('nan'), images, 'nan'),
        (probs, images[:1], r'of shape \(2, 41, 36, 3\), got .* \(1, 41, 36, 3\)'),
        (probs, images.float(), 'of uint8 .* got torch.float32'),
    ]
    for wrong, pictures, message in bad:
        with pytest.raises(ValueError, match=message):
            dense_crf_torch(wrong, pictures)
    for features in (torch.zeros(0, 4, 2), torch.full((1, 3, 2), torch.nan)):
        with pytest.raises(ValueError, match=r'B x N x d|finite'):
            BatchLattice(features)
    with pytest.raises(ValueError, match='too many standard deviations'):
        BatchLattice(torch.eye(5)[None] * 1e5)
