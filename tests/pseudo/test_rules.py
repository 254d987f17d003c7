"""The rules against loops over pixels, and where they are exact."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mmseg_trash.errors import ConfigError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.rules import ImageRule, PixelRule, Rules, choose_rules

Probs = NDArray[np.float32]


def column(*pixels: tuple[int, float]) -> Probs:
    """Return an image of one row: (label, its probability), the rest spread evenly."""
    probs = np.zeros((len(CLASSES), 1, len(pixels)), np.float32)
    for x, (label, value) in enumerate(pixels):
        probs[:, 0, x] = (1 - value) / (len(CLASSES) - 1)
        probs[label, 0, x] = value
    return probs


def noise(seed: int) -> Probs:
    rng = np.random.default_rng(seed)
    found = rng.gamma(0.15, size=(len(CLASSES), 17, 23)).astype(np.float32)
    return np.asarray(found / found.sum(0), np.float32)


@pytest.mark.parametrize('below', ['ignore', 'background', 'keep'])
def test_pixels(below: str) -> None:
    rule = PixelRule(0.9, {'Paper': 0.5, 'Battery': 1.0}, below)
    probs = noise(1)
    found = rule.apply(probs, CLASSES)
    limits = {2: 0.5, 9: 1.0}
    changed = 0
    for y in range(17):
        for x in range(23):
            values = probs[:, y, x].tolist()
            label = values.index(max(values))
            if max(values) < limits.get(label, 0.9):
                new = dict(ignore=255, background=0, keep=label)[below]
                changed += new != label
                label = new
            assert found[y, x] == label
    assert (changed > 50) == (below != 'keep')


def test_pixel_at_the_threshold_counts() -> None:
    at, under = np.float32(0.9), np.nextafter(np.float32(0.9), np.float32(0))
    probs = column((3, float(at)), (3, float(under)), (0, 0.95))
    assert PixelRule(0.9).apply(probs, CLASSES).tolist() == [[3, 255, 0]]


def test_images() -> None:
    """Ten foreground pixels: one at .8 or below is a tenth, which may be."""
    sure, doubtful, background = (4, 0.95), (4, 0.8), (0, 0.3)
    rule = ImageRule()
    one = column(doubtful, *[sure] * 9, *[background] * 30)
    two = column(doubtful, doubtful, *[sure] * 8, *[background] * 30)
    assert rule.refusal(one, CLASSES) is None
    assert rule.refusal(two, CLASSES) == '20.0% of the foreground is doubtful'
    assert ImageRule(max_share=0.2).refusal(two, CLASSES) is None
    assert ImageRule(of_classes={'Metal': 0.7}).refusal(two, CLASSES) is None
    above = np.nextafter(np.float32(0.8), np.float32(1))
    assert rule.refusal(column(*[(4, float(above))] * 3), CLASSES) is None
    empty = column(background, background)
    assert rule.refusal(empty, CLASSES) is None
    assert ImageRule(keep_empty=False).refusal(empty, CLASSES) == 'no foreground'


def test_images_by_loops() -> None:
    refused = 0
    for seed in range(20):
        probs, rule = noise(seed), ImageRule(0.6, {'Glass': 0.3}, 0.55)
        number = doubtful = 0
        for pixel in probs.reshape(len(CLASSES), -1).T.tolist():
            label = pixel.index(max(pixel))
            number += label > 0
            doubtful += label > 0 and max(pixel) <= (0.3 if label == 5 else 0.6)
        reason = rule.refusal(probs, CLASSES)
        assert (reason is not None) == (doubtful > 0.55 * number)
        refused += reason is not None
    assert 0 < refused < 20


def test_both_and_nothing_left() -> None:
    probs = column((4, 0.85), (4, 0.95), (0, 0.85))
    both = choose_rules('both', dict(threshold=0.9), dict(threshold=0.8))
    label, reason = both.apply(probs, CLASSES)
    assert label.tolist() == [[255, 4, 255]]
    assert reason is None
    label, reason = choose_rules('image', {}, {}).apply(probs, CLASSES)
    assert label.tolist() == [[4, 4, 0]]
    label, reason = Rules(PixelRule(0.99)).apply(probs, CLASSES)
    assert reason == 'no pixel reaches the threshold'


def test_arguments() -> None:
    for threshold, of_classes, text in (
        (1.5, {}, "'Background': expected 0 to 1, got 1.5"),
        (0.9, {'Paper': -1}, "'Paper': expected 0 to 1, got -1"),
        (0.9, {'Wood': 0.5}, "'Wood': is none of"),
    ):
        with pytest.raises(ConfigError, match=text):
            PixelRule(threshold, of_classes).apply(noise(0), CLASSES)
    with pytest.raises(ConfigError, match="below must be .* got 'drop'"):
        PixelRule(below='drop')
    with pytest.raises(ConfigError, match=r'max_share must be in \[0, 1\], got 2'):
        ImageRule(max_share=2)
    with pytest.raises(ConfigError, match="got 'all'"):
        choose_rules('all', {}, {})
