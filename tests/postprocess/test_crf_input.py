"""What DenseCRF refuses, and what else it takes."""

import subprocess
import sys

import numpy as np
import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.postprocess.crf_params import CRFParams, crf_preset
from mmseg_trash.postprocess.dense_crf import dense_crf, probs_from_labels
from mmseg_trash.postprocess.permutohedral import build_lattice


def test_labels_get_probabilities() -> None:
    label = np.array([[0, 2], [1, 1]], dtype=np.uint8)
    probs = probs_from_labels(label, 3, 0.8)
    assert np.allclose(probs[:, 0, 1], [0.1, 0.1, 0.8])
    assert np.allclose(probs.sum(0), 1)
    for label_map, confidence in ((label, 1.0), (label, 0.3), (label + 1, 0.8)):
        with pytest.raises(ValueError, match=r'confidence|label 3'):
            probs_from_labels(label_map, 3, confidence)


@pytest.mark.parametrize(('change', 'message'), [
    (dict(iterations=-1), 'iterations must be an integer from 0, got -1'),
    (dict(iterations=2.5), 'iterations'),
    (dict(smooth_xy=0), 'smooth_xy must be above 0, got 0'),
    (dict(bilateral_rgb=float('nan')), 'bilateral_rgb'),
    (dict(bilateral_xy=float('inf')), 'bilateral_xy'),
    (dict(smooth_weight=-1), 'smooth_weight must be at least 0, got -1'),
    (dict(floor=0), 'floor must be between 0 and 1'),
])  # fmt: skip
def test_bad_parameters(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CRFParams(**change)


def test_presets() -> None:
    assert crf_preset('seed') == CRFParams(50, 3, 3, 49, 5, 4)
    with pytest.raises(ConfigError, match=r"no CRF preset 'none'; there are seed"):
        crf_preset('none')


def test_bad_input() -> None:
    pytest.importorskip('numba')
    probs = np.full((3, 8, 6), 1 / 3, np.float32)
    image = np.zeros((8, 6, 3), np.uint8)
    bad = [
        (probs[0], image, r'C x H x W, got float32 of shape \(8, 6\)'),
        ((probs * 255).astype(np.uint8), image, 'got uint8'),
        (np.log(probs), image, 'not 0 to 1'),
        (probs * np.float32('nan'), image, 'nan'),
        (probs, image[:4], r'size \(4, 6\), its map \(8, 6\)'),
        (probs, image.astype(np.float32), 'of uint8, got float32'),
        (probs, image[..., 0], 'H x W x 3'),
    ]
    for wrong, picture, message in bad:
        with pytest.raises(ValueError, match=message):
            dense_crf(wrong, picture)
    with pytest.raises(ValueError, match='threads must be at least 1, got 0'):
        dense_crf(probs, image, threads=0)
    for features in (np.zeros((0, 2)), np.full((3, 2), np.nan), np.zeros(3)):
        with pytest.raises(ValueError, match=r'N x d|finite'):
            build_lattice(features)
    with pytest.raises(ValueError, match='too many standard deviations'):
        build_lattice(np.eye(5, dtype=np.float32) * 1e5)


def test_missing_numba_is_one_line() -> None:
    code = (
        'import sys; sys.modules["numba"] = None\n'
        'import numpy as np\n'
        'from mmseg_trash.postprocess.dense_crf import dense_crf\n'
        'try: dense_crf(np.full((2, 4, 4), .5, "f4"), np.zeros((4, 4, 3), "u1"))\n'
        'except ImportError as error: print(error)'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert run.stdout == 'DenseCRF needs numba: pip install "mmseg_trash[optional]"\n'
