"""The order of the steps, and the section of a recipe that sets them."""

import numpy as np
import pytest
import yaml

from mmseg_trash.errors import ConfigError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.postprocess import order
from mmseg_trash.postprocess.clean_up import CleanUpParams
from mmseg_trash.postprocess.crf_params import PRESETS, CRFParams
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.postprocess.write_back import WriteBackParams

SECTION = """
crf: {preset: deeplab-resnet, iterations: 4}
write_back: {min_area: 5, agreement: 0.6}
clean_up: {min_size: {Battery: 9, Paper: 20}, max_hole: 6}
size: 256
"""


def draw(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probs = generator.dirichlet(np.ones(4), (24, 32)).transpose(2, 0, 1)
    image = generator.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return image, probs.astype(np.float32)


def test_section_of_a_recipe() -> None:
    post = PostProcess.from_dict(yaml.safe_load(SECTION), CLASSES)
    sizes = [0] * len(CLASSES)
    sizes[CLASSES.index('Battery')], sizes[CLASSES.index('Paper')] = 9, 20
    assert post == PostProcess(
        CRFParams(4, 1, 3, 67, 3, 4),
        WriteBackParams(5, agreement=0.6),
        CleanUpParams(tuple(sizes), 6),
        256,
    )
    assert post.needs_image and post.needs_members
    assert PostProcess.from_dict(dict(crf='seed')).crf == PRESETS['seed']
    listed = PostProcess.from_dict(dict(clean_up=dict(min_size=[0, 7])))
    assert listed.clean_up.min_size == (0, 7)
    for section in (None, {}, dict(crf=None, write_back=False, clean_up=None)):
        post = PostProcess.from_dict(section)
        assert post == PostProcess()
        assert not post.needs_image and not post.needs_members
    defaults = PostProcess.from_dict(dict(crf=True, write_back=True, clean_up=True))
    assert defaults == PostProcess(CRFParams(), WriteBackParams(), CleanUpParams())


@pytest.mark.parametrize(('section', 'message'), [
    (['crf'], r"postprocess: expected a mapping, got \['crf'\]"),
    (dict(crff=1), 'postprocess.crff: no such key; there are .*write_back'),
    (dict(crf=dict(iteration=3)), 'postprocess.crf.iteration: no such key'),
    (dict(crf='sead'), 'postprocess.crf: no CRF preset .sead.; there are seed'),
    (dict(crf=dict(preset='sead')), 'no CRF preset'),
    (dict(crf=dict(smooth_xy='wide')), "smooth_xy must be above 0, got 'wide'"),
    (dict(crf=dict(iterations=True)), 'iterations must be an integer .*got True'),
    (dict(crf=3), 'postprocess.crf: expected a mapping, got 3'),
    (dict(write_back=dict(agreement=0.2)), 'postprocess.write_back: .*agreement'),
    (dict(write_back=dict(max_area='big')), 'max_area'),
    (dict(clean_up=dict(min_size=dict(Bottle=3))), "min_size: 'Bottle' is none of"),
    (dict(clean_up=dict(min_size='all')), "min_size must be .* got 'all'"),
    (dict(clean_up=dict(window=2)), 'postprocess.clean_up: .*window'),
    (dict(size=0), 'postprocess.size: expected a number of pixels, got 0'),
])  # fmt: skip
def test_wrong_sections(section: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PostProcess.from_dict(section, CLASSES)


def test_defaults_are_argmax() -> None:
    _, probs = draw()
    found = PostProcess()(None, probs)
    assert found.dtype == np.uint8
    assert np.array_equal(found, probs.argmax(0))


def test_order_of_the_steps(monkeypatch) -> None:
    """Each step gets what the one before it gave."""
    calls = []

    def step(name, result):
        def call(value, *rest):
            calls.append((name, value, rest))
            return result

        return call

    image, probs = draw()
    refined = np.roll(probs, 1, axis=0)
    written, cleaned = np.full((2, 24, 32), [[[2]], [[3]]], np.uint8)
    monkeypatch.setattr(order, 'dense_crf', step('crf', refined))
    monkeypatch.setattr(order, 'write_back', step('write_back', written))
    monkeypatch.setattr(order, 'clean_up', step('clean_up', cleaned))
    members = [probs.argmax(0), probs.argmin(0)]
    post = PostProcess(CRFParams(), WriteBackParams(), CleanUpParams(4), 8)
    found = post(image, probs, members)
    assert [name for name, _, _ in calls] == ['crf', 'write_back', 'clean_up']
    assert calls[0][1] is probs and calls[0][2][0] is image
    assert np.array_equal(calls[1][1], refined.argmax(0))
    assert calls[1][2] == (members, post.write_back)
    assert calls[2][1] is written and calls[2][2] == (post.clean_up,)
    assert np.array_equal(found, cleaned[:8, :8])
    calls.clear()
    voted = probs.argmax(0)
    assert np.array_equal(post.finish_label(voted, members), found)
    assert [name for name, _, _ in calls] == ['write_back', 'clean_up']
    assert calls[0][1] is voted


def test_steps_together() -> None:
    """The CRF drops objects, write-back restores them, clean-up spares the larger."""
    pytest.importorskip('numba')
    probs = np.full((3, 512, 512), 0.02, np.float32)
    probs[0] = 0.96
    probs[:, 100:106, 200:206] = np.array([0.4, 0.58, 0.02])[:, None, None]
    probs[:, 300:302, 40:42] = np.array([0.4, 0.02, 0.58])[:, None, None]
    image = np.full((512, 512, 3), 90, np.uint8)
    label = probs.argmax(0)
    crf = CRFParams(3)
    assert not PostProcess(crf)(image, probs).any()
    back = WriteBackParams(min_area=4)
    assert np.array_equal(PostProcess(crf, back)(image, probs, [label]), label)
    post = PostProcess(crf, back, CleanUpParams(min_size=5), 256)
    found = post(image, probs, [label, label])
    expected = np.zeros((256, 256))
    expected[50:53, 100:103] = 1
    assert np.array_equal(found, expected)


def test_crf_on_a_device_decides_as_the_compiled_one() -> None:
    pytest.importorskip('numba')
    image, probs = draw()
    image = np.repeat(image[:1], 24, axis=0)[:, ::-1]
    post = PostProcess(CRFParams(3))
    found = post(image, probs, device='cpu')
    assert np.array_equal(found, post(image, probs))
    assert (found != probs.argmax(0)).mean() > 0.1


def test_missing_and_wrong_input() -> None:
    image, probs = draw()
    with pytest.raises(ValueError, match='the CRF needs the image'):
        PostProcess(CRFParams())(None, probs)
    with pytest.raises(ValueError, match="write-back needs the members' label maps"):
        PostProcess(write_back=WriteBackParams())(image, probs)
    with pytest.raises(ValueError, match='probabilities run from'):
        PostProcess()(image, probs * 3)
