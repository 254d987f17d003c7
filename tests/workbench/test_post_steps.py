"""What CRF, write-back and clean-up change equals what loops count."""

import sys

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import confusion_matrix

pytest.importorskip('numba')

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.workbench.post_steps import START, post_steps

CLASSES = 6
OBJECT, SPECK, LARGE = 3, 5, 1


def scene() -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """Return image, mean probabilities, members and truth of a made-up ensemble.

    The CRF takes the unsure object, both members saw it; nothing supports the sure
    speck but the image.
    """
    truth = np.zeros((40, 48), np.uint8)
    truth[4:9, 4:9] = OBJECT
    truth[20:36, 10:40] = LARGE
    seen = truth.copy()
    seen[14:16, 30:32] = SPECK
    image = np.full((40, 48, 3), 90, np.uint8)
    image[20:36, 10:40] = (200, 30, 30)
    image[14:16, 30:32] = (0, 255, 0)
    sure = np.where(seen == OBJECT, 0.55, np.where(seen == SPECK, 0.99999, 0.9))
    probs = np.repeat((1 - sure)[None], CLASSES, 0) / (CLASSES - 1)
    # What is not the object's is the background's.
    probs[0][seen == OBJECT] = 0.4
    for label in range(1, CLASSES):
        probs[label][seen == OBJECT] = 0.05 / (CLASSES - 2)
    np.put_along_axis(probs, seen[None].astype(int), sure[None], 0)
    probs = (probs / probs.sum(axis=0)).astype(np.float32)
    one, other = truth.copy(), truth.copy()
    other[0, 0] = 2
    return image, probs, [one, other], truth


SECTION = dict(
    crf=dict(preset='pydensecrf', smooth_weight=0.5),
    write_back=dict(min_area=9, max_area=100),
    clean_up=dict(min_size=6),
)


def test_each_step_against_loops() -> None:
    image, probs, members, truth = scene()
    post = PostProcess.from_dict(SECTION)
    steps = post_steps(post, image, probs, members, truth)
    assert [step.name for step in steps] == [START, 'CRF', 'write-back', 'clean-up']
    assert np.array_equal(steps[-1].label, post(image, probs, members))

    # Each step by other means: the refined probabilities, connected parts by scipy.
    refined = post.refine(image, probs).argmax(axis=0)
    expected = [probs.argmax(axis=0), refined]
    part, number = ndimage.label((members[0] == members[1]) & (members[0] == OBJECT))
    assert number == 1
    expected.append(np.where(part > 0, OBJECT, refined))
    cleaned = expected[-1].copy()
    for label in range(1, CLASSES):
        parts, number = ndimage.label(cleaned == label)
        for k in range(1, number + 1):
            if (parts == k).sum() < 6:
                cleaned[parts == k] = 0
    expected.append(cleaned)
    for step, wanted in zip(steps, expected):
        assert np.array_equal(step.label, wanted), step.name

    for before, step in zip([steps[0], *steps], steps):
        pairs: dict[tuple[int, int], int] = {}
        kinds = [0, 0, 0]
        for y, x in np.ndindex(truth.shape):
            a, b = int(before.label[y, x]), int(step.label[y, x])
            if a != b:
                pairs[a, b] = pairs.get((a, b), 0) + 1
                right = [b == truth[y, x], a == truth[y, x], True].index(True)
                kinds[right] += 1
                assert step.marks[y, x] == right + 1
        assert {(a, b): n for a, b, n in step.pairs()} == pairs
        assert step.changed == sum(pairs.values()) == (step.marks > 0).sum()
        assert list(step.kinds) == kinds
        matrix = confusion_matrix(
            truth.ravel(), step.label.ravel(), labels=range(CLASSES)
        )
        assert np.array_equal(step.matrix, matrix)

    # What the scene was made for.
    start, crf, back, clean = steps
    assert start.changed == 0 and start.pairs() == []
    assert crf.pairs() == [(OBJECT, 0, 25)] and crf.kinds == (0, 25, 0)
    assert back.pairs() == [(0, OBJECT, 25)] and back.kinds == (25, 0, 0)
    assert clean.pairs() == [(SPECK, 0, 4)] and clean.kinds == (4, 0, 0)


def test_only_what_is_switched_on() -> None:
    image, probs, members, truth = scene()
    names = {
        'write_back': 'write-back',
        'clean_up': 'clean-up',
        'crf': 'CRF',
    }
    for key, name in names.items():
        post = PostProcess.from_dict({key: SECTION[key]})
        steps = post_steps(post, image if key == 'crf' else None, probs, members)
        assert [step.name for step in steps] == [START, name]
        assert steps[1].matrix is None and steps[1].kinds == (0, 0, 0)
        assert np.array_equal(steps[1].label, post(image, probs, members))
    (start,) = post_steps(PostProcess(), None, probs, members)
    assert np.array_equal(start.label, probs.argmax(axis=0))
    # A truth of another size is brought to the prediction's, as the scores do.
    large = np.repeat(np.repeat(truth, 2, 0), 2, 1)
    (start,) = post_steps(PostProcess(), None, probs, members, large)
    expected = confusion_matrix(truth.ravel(), start.label.ravel(), labels=range(6))
    assert np.array_equal(start.matrix, expected)


def test_ignored_pixels_count_as_unchanged() -> None:
    image, probs, members, truth = scene()
    truth[4:9, 4:6] = 255
    post = PostProcess.from_dict({'crf': SECTION['crf']})
    crf = post_steps(post, image, probs, members, truth)[1]
    assert crf.changed == 25 and crf.kinds == (0, 15, 0)
    assert (crf.marks > 0).sum() == 15 and crf.matrix.sum() == truth.size - 10


def test_inputs_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    image, probs, members, _ = scene()
    crf = PostProcess.from_dict({'crf': 'pydensecrf'})
    with pytest.raises(DataError, match='size'):
        post_steps(crf, image[:20], probs, members)
    with pytest.raises(DataError, match='size'):
        post_steps(PostProcess.from_dict(SECTION), image, probs, [members[0][:20]])
    with pytest.raises(ConfigError, match='size'):
        post_steps(PostProcess(size=256), None, probs, members)
    for name in ('lattice_kernels', 'mean_field_kernels'):
        monkeypatch.delitem(sys.modules, f'mmseg_trash.postprocess.{name}', False)
        monkeypatch.delattr(f'mmseg_trash.postprocess.{name}', raising=False)
    monkeypatch.setitem(sys.modules, 'numba', None)
    with pytest.raises(ConfigError, match='numba'):
        post_steps(crf, image, probs, members)
