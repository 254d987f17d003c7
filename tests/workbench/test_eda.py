"""Charts equal a count by loops, and know the images behind each bin."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.workbench import eda, maps
from mmseg_trash.workbench.image_table import CHANNELS, colour_counts
from mmseg_trash.workbench.survey import Survey, open_survey
from mmseg_trash.workbench.tables import Histogram, find_bins, group_rows, histogram

from .conftest import Data, box


@pytest.fixture
def survey(toy_root: Path) -> Survey:
    return open_survey('train.json', toy_root)


def test_bins_and_rows_by_hand() -> None:
    edges = np.array([0.0, 1, 2, 4])
    values = np.array([0.0, 1, 1.5, 4, 4.1, -1, np.nan])
    assert find_bins(values, edges).tolist() == [0, 1, 1, 2, 3, -1, 3]
    rows = np.array([5, 5, 3, 3, 3, 5])
    members = group_rows(np.array([0, 0, 0, 1, -1, 7]), rows, 3)
    assert [part.tolist() for part in members] == [[5, 3], [3], []]
    chart = histogram('t', 'a', 'u', values, np.arange(7), edges, list('abcdefg'))
    assert chart.values.tolist() == [1, 2, 1] and chart.images(1) == ('b', 'c')
    assert chart.bins == ('0–1', '1–2', '2–4')


def test_class_bars(survey: Survey) -> None:
    maps_ = [survey.label_map(row) for row in range(len(survey))]
    for label in range(len(survey.classes)):
        pixels = [int((m == label).sum()) for m in maps_]
        names = {survey.names[row] for row, n in enumerate(pixels) if n}
        bars = eda.class_bars(survey, 'pixels')
        assert bars.values[label] == sum(pixels)
        assert set(bars.images(label)) == names
        assert not names or bars.images(label)[0] == survey.names[np.argmax(pixels)]
        assert eda.class_bars(survey, 'images').values[label] == len(names)
        objects = (survey.objects.label == label).sum()
        assert eda.class_bars(survey, 'instances').values[label] == objects
    with pytest.raises(ValueError, match='pixels'):
        eda.class_bars(survey, 'area')


def test_colours(survey: Survey) -> None:
    for place, channel in enumerate(CHANNELS):
        bars = eda.colour_bars(survey, channel)
        counted = {name: np.zeros(32, int) for name in ('all', *survey.classes)}
        brightest: dict[str, int] = {}
        for row in range(len(survey)):
            image = survey.read(row)[::2, ::2]
            hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV_FULL)
            plane = np.concatenate([image, hsv], axis=2)[..., place]
            label = survey.label_map(row)[::2, ::2]
            for number, name in enumerate(survey.classes):
                levels = np.bincount(plane[label == number] // 8, minlength=32)
                counted[name] += levels
                counted['all'] += levels
                if levels[31]:
                    brightest.setdefault(name, row)
        for name, levels in counted.items():
            if not levels.sum():
                assert name not in bars
                continue
            assert np.allclose(bars[name].values, levels / levels.sum())
            if name in brightest:
                assert survey.names[brightest[name]] in bars[name].images(31)
            elif name != 'all':
                assert bars[name].images(31) == ()
    with pytest.raises(ValueError, match='hue'):
        eda.colour_bars(survey, 'violet')


def test_ignored_labels_have_no_colour() -> None:
    image = np.full((2, 2, 3), (255, 0, 0), np.uint8)  # BGR: blue
    counts = colour_counts(image, np.array([[0, 1], [1, 255]], np.uint8), 2)
    assert counts.shape == (2, 6, 32) and counts[:, 0, 0].tolist() == [1, 2]
    assert counts[:, 2, 31].tolist() == [1, 2]


def test_objects_sizes_and_places(data: Data) -> None:
    data.image('a.jpg', ('Paper', [box(0, 0, 32, 16)]), ('Metal', [box(40, 40, 8, 8)]))
    data.image('b.jpg', ('Paper', [box(0, 0, 16, 16)]))
    data.image('c.jpg')
    survey = open_survey('train.json', data.write())
    bars = eda.objects_per_image(survey)
    assert bars.bins == ('0', '1', '2') and bars.values.tolist() == [1, 1, 1]
    assert bars.images(2) == ('a.jpg',)
    paper = survey.classes.index('Paper')
    assert eda.objects_per_image(survey, paper).values.tolist() == [1, 2]
    sizes = eda.object_sizes(survey)
    assert set(sizes) == {'all', 'Paper', 'Metal'}
    assert sizes['all'].values.sum() == 3
    place = int(np.flatnonzero(sizes['Metal'].values)[0])
    low, high = sizes['Metal'].edges[place : place + 2]  # type: ignore[index]
    assert low <= 64 / 64**2 <= high and sizes['Metal'].images(place) == ('a.jpg',)
    shape = maps.aspect_map(survey, paper)
    # 1/2 wide and 1/4 tall, then 1/4 by 1/4; lines from tall to flat
    assert shape.values.sum() == 2 and shape.images(3, 14) == ('a.jpg',)
    assert shape.images(3, 12) == ('b.jpg',)
    where = maps.position_map(survey)
    assert where.images(8, 8) == ('a.jpg',) and where.values.sum() == 3
    both = maps.co_occurrence(survey)
    i, j = both.lines.index('Paper'), both.columns.index('Metal')
    assert both.values[i, j] == 1 and both.images(i, j) == ('a.jpg',)
    assert both.values[i, i] == 2 and 'Background' not in both.lines


def test_many_objects_share_the_last_bar(data: Data) -> None:
    data.image('a.jpg', *[('Paper', [box(2 * n, 2, 2, 2)]) for n in range(25)])
    bars = eda.objects_per_image(open_survey('train.json', data.write()))
    assert bars.bins[-1] == '20+' and bars.values[-1] == 1


def test_image_bars(sound: Data) -> None:
    sound.pictures['batch_01/0003.jpg'][:] = 250
    survey = open_survey('train.json', sound.write())
    for what in eda.IMAGE_FIGURES:
        bars: Histogram = eda.image_bars(survey, what)
        assert bars.values.sum() == 12
        place = -1 if what == 'brightness' else 0
        assert 'batch_01/0003.jpg' in bars.images(range(len(bars.bins))[place])
    grey = cv2.cvtColor(survey.read(0), cv2.COLOR_RGB2GRAY).astype(float)
    assert survey.images.brightness[0] == pytest.approx(grey.mean() / 255, abs=2e-3)
    laplacian = cv2.Laplacian(grey, cv2.CV_64F)
    assert survey.images.sharpness[0] == pytest.approx(laplacian.var(), rel=0.02)


def test_survey_is_cached_and_follows_its_files(
    sound: Data, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    root = sound.write()
    first = open_survey('train.json', root)
    with monkeypatch.context() as patch:
        patch.setattr('mmseg_trash.workbench.image_table.read_image', None)
        second = open_survey('train.json', root)
    for one, other in zip(first.images, second.images):
        assert np.array_equal(one, other)
    (root / 'batch_01/0000.jpg').write_bytes(b'broken')
    third = open_survey('train.json', root)
    assert 'no readable image' in third.images.faults[0]
    assert np.isnan(third.images.brightness[0])
    for file in cache.glob('*.survey'):
        file.write_bytes(file.read_bytes()[:-9])
    fourth = open_survey('train.json', root)
    assert np.array_equal(fourth.images.hash, third.images.hash)
    assert eda.image_bars(fourth).values.sum() == 11


def test_take(survey: Survey) -> None:
    rows = np.array([5, 2])
    part = survey.take(rows)
    assert part.names == (survey.names[5], survey.names[2])
    assert np.array_equal(part.label_map(0), survey.label_map(5))
    expected = [a for r in rows for a in survey.objects.area[survey.objects.image == r]]
    assert part.objects.area.tolist() == expected
    assert part.images.hash.tolist() == survey.images.hash[rows].tolist()
    total = part.images.colour_counts.sum()
    kept = np.isin(survey.images.colour_row, rows)
    assert total == survey.images.colour_counts[kept].sum()


def test_images_without_labels(toy_root: Path) -> None:
    survey = open_survey('test.json', toy_root)
    assert not survey.has_labels and set(eda.colour_bars(survey, 'red')) == {'all'}
    assert eda.class_bars(survey).values.sum() == 0
    assert eda.image_bars(survey).values.sum() == len(survey)
