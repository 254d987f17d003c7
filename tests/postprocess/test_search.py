"""Degraded truth, small objects, and the search over steps."""

import json
import math
import runpy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES, IGNORE_INDEX
from mmseg_trash.metrics.confusion import confusion_matrix, miou_global, resize_nearest
from mmseg_trash.postprocess import search
from mmseg_trash.postprocess.batch import Ensemble, image_folder
from mmseg_trash.postprocess.crf_params import PRESETS
from mmseg_trash.postprocess.degrade import Degradation, degrade
from mmseg_trash.postprocess.degraded import degraded_members
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.postprocess.small_objects import count_small
from mmseg_trash.postprocess.write_back import WriteBackParams
from mmseg_trash.workbench.predictions import Predictions, open_predictions

ROOT = Path(__file__).parents[2]
CRF = dict(preset='seed', iterations=5)
GRID = {'crf': [None, CRF], 'write_back': [None, True]}


def parts(label: np.ndarray, most: int):
    """Yield the class and the pixels of each small part."""
    for value in set(np.unique(label)) - {0, IGNORE_INDEX}:
        number, count = ndimage.label(label == value, np.ones((3, 3)))
        for k in range(1, count + 1):
            if (number == k).sum() <= most:
                yield value, number == k


@pytest.mark.parametrize('seed', range(3))
def test_count_small_equals_the_loop(seed: int) -> None:
    generator = np.random.default_rng(seed)
    fields = generator.normal(size=(4, 50, 60))
    truth = ndimage.gaussian_filter(fields, (0, 2, 2)).argmax(0)
    label = ndimage.gaussian_filter(
        fields + generator.normal(0, 0.8, fields.shape), (0, 2, 2)
    ).argmax(0)
    truth[:8] = IGNORE_INDEX
    objects = [
        2 * ((label == value) & part).sum() >= part.sum()
        for value, part in parts(truth, 80)
    ]
    invented = [
        not ((truth == value) | (truth == IGNORE_INDEX))[part].any()
        for value, part in parts(label, 80)
    ]
    found = count_small(label, truth, 80)
    assert found == (len(objects), sum(objects), sum(invented))
    assert 0 < found.found < found.objects and found.invented > 0
    assert count_small(truth, truth, 80) == (len(objects), len(objects), 0)


def test_degraded_probabilities() -> None:
    truth = np.zeros((80, 90), np.uint8)
    truth[20:50, 30:70], truth[60:66, 10:15], truth[:4] = 3, 1, IGNORE_INDEX
    members = degrade(truth, 5, 3, seed=2)
    again = degrade(truth, 5, 3, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(members, again))
    for probs in members:
        assert probs.shape == (5, 80, 90) and probs.dtype == np.float32
        assert abs(probs.sum(0) - 1).max() < 1e-5
        right = (probs.argmax(0) == truth)[truth != IGNORE_INDEX].mean()
        assert 0.6 < right < 0.99
    assert (members[0].argmax(0) != members[1].argmax(0)).mean() > 0.01
    # The more they share, the more alike they are.
    alike = degrade(truth, 5, 2, 2, Degradation(own=0, white=0))
    assert np.array_equal(*alike)
    sharp = degrade(truth, 5, 1, 2, Degradation(20, 0.3, own=0, shared=0, white=0))
    assert np.array_equal(sharp[0].argmax(0), np.where(truth == 255, 0, truth))


def imagine(truth: Predictions, root: Path, how: Degradation | None = None) -> Ensemble:
    """Return three members that nearly know the truth."""
    members = degraded_members(truth, 3, how=how)
    return Ensemble(members, [1.0] * 3, image_folder(str(root), truth.names))


@pytest.fixture(scope='module')
def scored(toy_root: Path):
    """Score a small grid on degraded drawings."""
    pytest.importorskip('numba')
    truth = open_predictions(toy_root / 'train.json')
    ensemble = imagine(truth, toy_root, Degradation(blur=1.5, own=0.4))
    options, posts = search.candidates(GRID, dict(write_back=None), CLASSES)
    names = truth.names
    scores = search.evaluate(ensemble, truth, options, posts, names, 400)
    return ensemble, truth, names, scores


def test_scores_are_those_of_the_steps(scored) -> None:
    ensemble, truth, names, scores = scored
    score = scores[3]
    assert score.options == {'crf': CRF, 'write_back': True}
    post = PostProcess(replace(PRESETS['seed'], iterations=5), WriteBackParams())
    total, total_256, small = 0, 0, np.zeros(3, int)
    for name in names:
        probs, members = ensemble.read(name)
        expected = np.mean([m.probs(name) for m in ensemble.members], axis=0)
        assert np.allclose(probs, expected, atol=1e-6)
        label = post(ensemble.image(name), probs, members)
        true = truth.label_map(name)
        total = total + confusion_matrix(label, true, len(CLASSES))
        total_256 = total_256 + confusion_matrix(
            resize_nearest(label, 256), resize_nearest(true, 256), len(CLASSES)
        )
        small += count_small(label, true, 400)
    assert score.miou == miou_global(total)
    assert score.miou_256 == miou_global(total_256)
    assert score.recall == small[1] / small[0]
    assert score.invented == small[2]


def test_write_back_keeps_what_the_crf_alone_loses(scored) -> None:
    argmax, _, crf, both = scored[3]
    assert crf.recall < argmax.recall
    assert both.recall > crf.recall
    assert both.invented < argmax.invented


def test_processes_do_not_change_scores(scored) -> None:
    ensemble, truth, names, scores = scored
    options, posts = search.candidates(GRID, {}, CLASSES)
    again = search.evaluate(ensemble, truth, options, posts, names, 400, workers=2)
    for one, other in zip(scores, again):
        assert np.array_equal(one.confusions, other.confusions)
        assert np.array_equal(one.small, other.small)


def test_table_and_choice(scored) -> None:
    scores = scored[3]
    lines = search.table(scores).splitlines()
    assert lines[0] == (
        '| crf | write_back | mIoU | mIoU at 256 | small objects found | invented |'
    )
    best = max(scores, key=lambda score: score.miou_256)
    assert f'| {100 * best.miou_256:.2f} |' in lines[2]
    assert any(x.startswith('| preset seed, iterations 5 | default |') for x in lines)
    assert len(lines) == 6
    _, chosen = search.cross_validated(scores, 3)
    assert chosen <= best.miou_256 + 1e-9
    assert search.cross_validated(scores[:1]) == (scores[0].miou, scores[0].miou_256)


def test_choice_is_made_on_the_other_images() -> None:
    """Each candidate is right on half the images: chosen by the rest, the wrong one."""
    right, wrong = np.array([[9, 0], [0, 9]]), np.array([[0, 9], [9, 0]])
    scores = [
        search.Score(
            {}, np.stack([np.stack([m, m]) for m in matrices]), np.zeros((4, 3))
        )
        for matrices in ([right, wrong, right, wrong], [wrong, right, wrong, right])
    ]
    assert scores[0].miou == 1 / 3
    assert search.cross_validated(scores, 2) == (0, 0)
    assert math.isnan(scores[0].recall)


def test_grids() -> None:
    _, posts = search.candidates(search.GRID, {}, CLASSES)
    assert len(posts) == len(set(map(repr, posts))) == 20
    same, _ = search.candidates({'crf': [None, False]}, {}, CLASSES)
    assert len(same) == 1
    _, [post] = search.candidates({'size': [256]}, dict(crf='seed'), CLASSES)
    assert post == PostProcess(PRESETS['seed'], size=256)
    with pytest.raises(ConfigError, match='crf: expected a list of values'):
        search.candidates({'crf': 'seed'})
    with pytest.raises(ConfigError, match='no such key'):
        search.candidates({'crff': [1]})


def test_wrong_sizes_are_named(scored) -> None:
    ensemble, truth, names, _ = scored
    options, posts = search.candidates({'size': [64]})
    with pytest.raises(DataError, match=f'{names[0]}: '):
        search.evaluate(ensemble, truth, options, posts, names)


def test_real_photographs_keep_their_small_objects(
    taco_root: Path, tmp_path: Path
) -> None:
    """CRF alone against write-back on degraded truth of real photographs."""
    pytest.importorskip('numba')
    content = json.loads((taco_root / 'val.json').read_text())
    small = Counter(a['image_id'] for a in content['annotations'] if a['area'] < 900)
    chosen = [number for number, _ in small.most_common(2)]
    content['images'] = [i for i in content['images'] if i['id'] in chosen]
    content['annotations'] = [
        a for a in content['annotations'] if a['image_id'] in chosen
    ]
    (tmp_path / 'few.json').write_text(json.dumps(content))
    truth = open_predictions(tmp_path / 'few.json')
    ensemble = imagine(truth, taco_root)
    options, posts = search.candidates(GRID, dict(crf='seed'))
    argmax, _, crf, both = search.evaluate(ensemble, truth, options, posts, truth.names)
    assert crf.recall < argmax.recall
    assert both.recall > crf.recall
    assert both.invented < argmax.invented


def test_tool(toy_root: Path, tmp_path: Path, capsys) -> None:
    """A grid of one's own, the table on the screen and in a file."""
    truth = open_predictions(toy_root / 'val.json')
    store = ProbStore(tmp_path / 'store', CLASSES)
    for name in truth.names:
        label = truth.label_map(name)
        store.write(name, degrade(label, len(CLASSES), 1, 0, Degradation(white=0))[0])
    (tmp_path / 'grid.yaml').write_text('clean_up.min_size: [0, 400]\nsize: [null]')
    main = runpy.run_path(str(ROOT / 'tools/search_postprocess.py'))['main']
    arguments = [
        str(store.folder), '--truth', str(toy_root / 'val.json'),
        '--grid', str(tmp_path / 'grid.yaml'), '--out', str(tmp_path / 'table.md'),
    ]  # fmt: skip
    main([*arguments, '--workers', '1'])
    found = capsys.readouterr().out
    assert (tmp_path / 'table.md').read_text() == found
    lines = found.splitlines()
    assert lines[0].startswith('| clean_up.min_size | size | mIoU |')
    assert lines[2].startswith(('| 0 | none |', '| 400 | none |'))
    assert len(lines) == 6 and lines[-1].startswith(
        f'{len(truth.names)} images; chosen'
    )
    (tmp_path / 'grid.yaml').write_text('- crf')
    with pytest.raises(ConfigError, match='grid.yaml: expected dotted keys'):
        main(arguments)
