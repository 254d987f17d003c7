"""Predictions of every kind open, and comparisons equal loops."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.metrics import confusion_matrix

from mmseg_trash.errors import DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench import compare
from mmseg_trash.workbench.boundary import RATIO, band, boundary_counts, boundary_iou
from mmseg_trash.workbench.models import model_rows, run_rows
from mmseg_trash.workbench.predictions import Predictions, open_predictions
from mmseg_trash.workbench.recall import size_recall
from mmseg_trash.workbench.survey import Survey, open_survey

from .conftest import Data, box


@pytest.fixture
def survey(toy_root: Path) -> Survey:
    return open_survey('train.json', toy_root)


def wrong(survey: Survey, row: int) -> np.ndarray:
    """Return a label map that is off by some pixels."""
    return np.roll(survey.label_map(row), (3, 5), (0, 1))


@pytest.fixture(params=['submission', 'labels', 'plain', 'store', 'coco'])
def predictions(request, survey: Survey, tmp_path: Path) -> Predictions:
    """Return shifted label maps, kept in every way; those of coco are right."""
    rows = [(name, wrong(survey, row)) for row, name in enumerate(survey.names)]
    kind = request.param
    if kind == 'submission':
        write_submission(rows, tmp_path / 'a.csv')
        return open_predictions(tmp_path / 'a.csv')
    if kind == 'coco':
        return open_predictions(survey.ann_file)
    store = ProbStore(tmp_path / 'probs', CLASSES) if kind == 'store' else None
    for name, label in rows:
        if store is not None:
            store.write(name, np.eye(11, dtype=np.float32)[label].transpose(2, 0, 1))
            continue
        stem = name if kind == 'labels' else Path(name).with_suffix('').as_posix()
        path = tmp_path / ('labels' if kind == 'labels' else '') / f'{stem}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(label).save(path)
    return open_predictions(tmp_path)


def test_every_kind(predictions: Predictions, survey: Survey) -> None:
    assert len(predictions) == len(survey)
    for row, name in enumerate(survey.names):
        assert name in predictions
        expected = wrong(survey, row)
        if predictions.kind == 'coco':
            expected = survey.label_map(row)
        if predictions.kind == 'submission':
            expected = np.repeat(np.repeat(expected, 2, 0), 2, 1)
        assert np.array_equal(predictions.label_map(name), expected)
        probs = predictions.probs(name)
        assert (probs is not None) == (predictions.kind == 'store')
    assert 'absent.jpg' not in predictions
    with pytest.raises(DataError, match='absent'):
        predictions.label_map('absent.jpg')
    names, matrices = compare.confusions(survey, predictions)
    assert names == survey.names
    label = wrong(survey, 0) if predictions.kind != 'coco' else survey.label_map(0)
    expected = confusion_matrix(
        survey.label_map(0).ravel(), label.ravel(), labels=range(11)
    )
    # A submission's map of 256 is brought to the truth's size.
    assert np.array_equal(matrices[0], expected)


@pytest.mark.parametrize('text, message', [
    ('image_id;x\n', 'header'),
    ('image_id,PredictionString\na.jpg\n', ':2:'),
    ('image_id,PredictionString\na.jpg,1\nb.jpg,1\na.jpg,1\n', ":4: 'a.jpg'"),
])  # fmt: skip
def test_bad_submission(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / 'a.csv').write_text(text)
    with pytest.raises(DataError, match=message):
        open_predictions(tmp_path / 'a.csv')


def test_bad_rows_and_files(tmp_path: Path) -> None:
    full = ' '.join(['3'] * 65536)
    rows = [f'"a, b.jpg",{full}', f'b.jpg,{full[2:]}', f'c.jpg,12{full[1:]}', 'd.jpg,x']
    text = '\n'.join(['image_id,PredictionString', *rows])
    (tmp_path / 'a.csv').write_text(text)
    found = open_predictions(tmp_path / 'a.csv')
    assert (found.label_map('a, b.jpg') == 3).all()
    for name, message in (('b', '65535'), ('c', 'label 12'), ('d', 'integers')):
        with pytest.raises(DataError, match=message):
            found.label_map(f'{name}.jpg')
    with pytest.raises(FileNotFoundError):
        open_predictions(tmp_path / 'absent')
    (tmp_path / 'x.txt').write_text('')
    with pytest.raises(DataError, match='submission'):
        open_predictions(tmp_path / 'x.txt')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no label maps'):
        open_predictions(tmp_path / 'empty')
    Image.new('RGB', (4, 4)).save(tmp_path / 'empty/a.png')
    with pytest.raises(DataError, match='no label map of'):
        open_predictions(tmp_path / 'empty').label_map('a.jpg')


def test_disagreement() -> None:
    maps = [np.array([[1, 2, 3]], np.uint8), np.array([[1, 2, 2]], np.uint8)]
    maps.append(np.array([[1, 5, 9]], np.uint8))
    found = compare.disagreement(maps)
    assert np.allclose(found, [[0, 1 / 3, 2 / 3]])
    with pytest.raises(ValueError, match='two'):
        compare.disagreement(maps[:1])


def test_changes_and_shares(survey: Survey, tmp_path: Path) -> None:
    rows = [(name, wrong(survey, row)) for row, name in enumerate(survey.names)]
    for name, label in rows:
        path = tmp_path / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(label).save(path)
    before, after = open_predictions(survey.ann_file), open_predictions(tmp_path)
    changes = compare.changed_pixels(before, after)
    expected = [(survey.label_map(r) != rows[r][1]).sum() for r in range(len(survey))]
    assert changes.changed.tolist() == expected and sum(expected) > 0
    assert changes.transitions.sum() == changes.pixels.sum() == len(survey) * 128**2
    off = changes.transitions.sum() - np.trace(changes.transitions)
    assert off == changes.changed.sum()
    assert changes.transitions[2, 0] == sum(
        ((survey.label_map(r) == 2) & (rows[r][1] == 0)).sum() for r in range(8)
    )
    # A roll keeps the classes' shares.
    shares = compare.class_shares(after, survey)
    assert np.allclose(shares.pixels[0], shares.pixels[1])
    assert np.allclose(shares.distance, 0, atol=1e-6)
    assert shares.images[1].tolist() == (survey.class_counts > 0).mean(0).tolist()


def naive_band(region: np.ndarray, width: int) -> np.ndarray:
    """Take the pixels that are near, in king's moves, to one outside."""
    outside = np.pad(~region, 1, constant_values=True)
    steps = ndimage.distance_transform_cdt(~outside, 'chessboard')
    return region & (steps[1:-1, 1:-1] <= width)


def test_boundary_against_a_naive_one(survey: Survey) -> None:
    rng = np.random.default_rng(0)
    region = ndimage.gaussian_filter(rng.random((40, 57)), 3) > 0.5
    assert region[0].any()
    for width in (1, 2, 5, 40):
        assert np.array_equal(band(region, width), naive_band(region, width))
    truth, other = survey.label_map(0), wrong(survey, 0)
    truth[:20, :20] = 255
    width = max(1, round(RATIO * np.hypot(128, 128)))
    counts = boundary_counts(truth, other, 11)
    for label in range(11):
        one, two = (naive_band(m == label, width) for m in (truth, other))
        known = truth != 255
        assert counts[0, label] == (one & two & known).sum()
        assert counts[1, label] == ((one | two) & known).sum()
    right = boundary_iou(survey, open_predictions(survey.ann_file))
    shown = survey.class_counts.any(axis=0)
    assert (right[shown] == 1).all() and np.isnan(right[~shown]).all()


def test_recall_by_size(data: Data, tmp_path: Path) -> None:
    large, small = box(2, 2, 20, 20), box(40, 40, 4, 4)
    data.image(
        'a.jpg', ('Paper', [large]), ('Paper', [small]), ('Metal', [box(40, 2, 4, 4)])
    )
    survey = open_survey('train.json', data.write())
    label = survey.label_map(0)
    label[40:44, 40:44] = 0
    label[2:4, 40:44] = 0  # half of the metal is left
    (tmp_path / 'p').mkdir()
    Image.fromarray(label).save(tmp_path / 'p/a.png')
    found = size_recall(survey, open_predictions(tmp_path / 'p'))
    paper, metal = CLASSES.index('Paper'), CLASSES.index('Metal')
    assert found.objects[paper].sum() == 2 and found.found[paper].sum() == 1
    place = int(np.flatnonzero(found.found[paper])[0])
    assert found.edges[place] <= 400 / 64**2 <= found.edges[place + 1]
    assert found.found[metal].sum() == found.objects[metal].sum() == 1


def test_classes_and_images_must_agree(survey: Survey, tmp_path: Path) -> None:
    ProbStore(tmp_path / 'other', ['a', 'b']).write('x.jpg', np.ones((2, 4, 4)) / 2)
    with pytest.raises(DataError, match='other classes'):
        compare.confusions(survey, open_predictions(tmp_path / 'other'))
    Image.new('L', (4, 4)).save(tmp_path / 'z.png')
    with pytest.raises(DataError, match='no image'):
        compare.confusions(survey, open_predictions(tmp_path))


def test_models(project: Path) -> None:
    rows = model_rows(project)
    assert len(rows) > 100 and rows == sorted(
        rows, key=lambda r: (r.parameters, r.config)
    )
    by_name = {row.config: row for row in rows}
    row = by_name['segvit_vit-b-augreg_1xb8-20k_trash-512x512']
    assert (row.method, row.parameters, row.flops) == (
        'segvit',
        108629388,
        221648988672,
    )
    assert any(row.miou for row in rows)
    own = model_rows(project, {row.config: 55.5})
    assert {r.config: r for r in own}[row.config].miou == 55.5
    with pytest.raises(FileNotFoundError, match='metafile'):
        model_rows(project / 'docs')


def test_runs_beside_what_they_cost(project: Path, tmp_path: Path) -> None:
    config = 'segvit_vit-b-augreg_1xb8-20k_trash-512x512'
    ProbStore(tmp_path / 'probs', CLASSES, source=dict(config=f'{config}.py'))
    assert open_predictions(tmp_path).config == config
    ProbStore(tmp_path / 'other', CLASSES)
    assert open_predictions(tmp_path / 'other').config == ''
    runs = {'fold 0': (config, 61.5), 'fold 1': (config, 60.0), 'x': ('mine', 1.0)}
    one, two = run_rows(project, runs)
    assert (one.data, one.miou, two.data, two.miou) == ('fold 0', 61.5, 'fold 1', 60.0)
    assert one.flops == two.flops == 221648988672
