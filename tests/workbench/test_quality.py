"""Wrong labels rank first, by the soft minimum of the paper."""

from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench.predictions import open_predictions
from mmseg_trash.workbench.quality import (
    label_quality,
    quality_findings,
    soft_minimum,
)
from mmseg_trash.workbench.survey import Survey, open_survey

from .conftest import Data, box


def soft_labels(label: np.ndarray, sure: float) -> np.ndarray:
    rest = (1 - sure) / (len(CLASSES) - 1)
    probs = np.full((len(CLASSES), *label.shape), rest, np.float32)
    np.put_along_axis(probs, label[None].astype(int), sure, axis=0)
    return probs


@pytest.fixture
def survey(sound: Data) -> Survey:
    """Return data with one object of image 3 under the wrong label."""
    sound.annotations[3 * 3]['category_id'] = CLASSES.index('Glass')
    return open_survey('train.json', sound.write())


@pytest.fixture
def store(survey: Survey, tmp_path: Path) -> Path:
    """Return a store in which that object is what it was, Paper."""
    store = ProbStore(tmp_path / 'store', CLASSES, 'float16')
    for row, name in enumerate(survey.names[:8]):
        label = survey.label_map(row)
        label[label == CLASSES.index('Glass')] = CLASSES.index('Paper')
        store.write(name, soft_labels(label, 0.9))
    return tmp_path / 'store'


def test_soft_minimum() -> None:
    values = np.array([0.2, 0.9, 0.6])
    weights = [np.exp((1 - v) / 0.1) for v in values]
    expected = sum(v * w for v, w in zip(values, weights)) / sum(weights)
    assert soft_minimum(values) == pytest.approx(expected)
    assert soft_minimum(values, 1e-3) == pytest.approx(0.2)
    assert soft_minimum(values, 1e3) == pytest.approx(values.mean(), abs=1e-3)
    assert np.isnan(soft_minimum(np.zeros(0)))


def test_wrong_label_is_found(survey: Survey, store: Path) -> None:
    quality = label_quality(survey, open_predictions(store))
    assert np.isnan(quality.images[8:]).all() and quality.images[:8].argmin() == 3
    assert quality.images[0] == pytest.approx(0.9, abs=0.01)
    place = int(np.nanargmin(quality.objects))
    assert survey.objects.annotation_id[place] == 10
    assert quality.suggestions[place] == CLASSES.index('Paper')
    assert quality.means[place] == pytest.approx(0.01, abs=0.005)
    assert (quality.suggestions[survey.objects.image >= 8] == -1).all()
    findings = quality_findings(survey, quality)
    assert [f.rule for f in findings] == ['low_quality_object', 'low_quality_image']
    assert findings[0].annotation == 10 and 'Paper' in findings[0].message
    assert findings[0].suggestion == CLASSES.index('Paper') and findings[0].box
    assert {f.file_name for f in findings} == {'batch_01/0003.jpg'}


def test_object_that_nobody_annotated(sound: Data, tmp_path: Path) -> None:
    survey = open_survey('train.json', sound.write())
    store = ProbStore(tmp_path / 'store', CLASSES, 'float16')
    glass = CLASSES.index('Glass')
    for row, name in enumerate(survey.names[:3]):
        label = survey.label_map(row)
        if row == 1:
            label[50:58, 40:60] = glass
            label[20:21, 50:52] = glass  # too small
        store.write(name, soft_labels(label, 0.95 if row < 2 else 0.6))
    quality = label_quality(survey, open_predictions(tmp_path / 'store'))
    assert [m.box for m in quality.missing] == [(40, 50, 20, 8)]
    found = {f.rule: f for f in quality_findings(survey, quality)}
    missing = found.pop('missing_object')
    assert missing.annotation is None and missing.suggestion == glass
    assert missing.file_name == 'batch_01/0001.jpg' and '3.91%' in missing.message
    assert set(found) <= {'low_quality_image'}


def test_ignored_pixels_do_not_count(sound: Data, tmp_path: Path) -> None:
    sound.image('x.jpg', ('Paper', [box(0, 0, 20, 20)]))
    sound.add(12, 'Styrofoam', [box(30, 30, 10, 10)])
    root = sound.write()
    text = (root / 'train.json').read_text()
    (root / 'train.json').write_text(text.replace('"Styrofoam"', '"Ignored"'))
    survey = open_survey('train.json', root)
    store = ProbStore(tmp_path / 'store', CLASSES, 'float16')
    label = survey.label_map(12)
    assert (label == 255).sum() == 100
    label[label == 255] = 5
    probs = soft_labels(label, 0.95)
    store.write('x.jpg', probs)
    quality = label_quality(survey, open_predictions(tmp_path / 'store'))
    assert quality.images[12] == pytest.approx(0.95, abs=0.01)


def test_labels_are_no_probabilities(survey: Survey) -> None:
    with pytest.raises(DataError, match='no probabilities'):
        label_quality(survey, open_predictions(survey.ann_file))
