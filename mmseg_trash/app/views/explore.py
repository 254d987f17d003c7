"""Explore: charts over the data, and the images behind each bar."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from ...workbench import eda, maps
from ...workbench.album import Album
from ...workbench.splits import MEASURES, compare_splits, fold_splits, open_splits
from ...workbench.survey import Survey
from .. import charts
from ..components import gallery
from ..settings import Settings, read_settings
from ..state import choose_album, look_at, open_survey_of, stamp
from ..tables import table

SHOWN = 24
SHARES = {
    'images': 'Of the images',
    'pixels': 'Of the pixels',
    'objects': 'Of the objects',
    'sizes': 'Median size',
}


def show() -> None:
    """Draw the page."""
    album = choose_album()
    survey = open_survey_of(album)
    st.title('Explore', anchor=False)
    _figures(survey)
    sections: dict[str, Callable[[Album, Survey], None]] = {'Light': _light}
    if survey.has_labels:
        sections = {
            'Classes': _classes,
            'Objects per image': _objects,
            'Sizes': _sizes,
            'Colours': _colours,
            'Places': _places,
            'Shapes': _shapes,
            'Together': _together,
            'Light': _light,
            'Splits': _splits,
        }
    name = st.segmented_control(
        'Chart',
        list(sections),
        default=next(iter(sections)),
        key='chart',
        label_visibility='collapsed',
        required=True,
    )
    sections[name or next(iter(sections))](album, survey)


def _figures(survey: Survey) -> None:
    """Draw the line of numbers at the top."""
    labels = eda.object_labels(survey)
    counts = survey.class_counts
    covered = counts[:, labels].sum() / max(1, counts.sum())
    broken = sum(bool(fault) for fault in survey.images.faults)
    columns = st.columns(5, border=False)
    columns[0].metric('Images', f'{len(survey):,}')
    columns[1].metric('Objects', f'{len(survey.objects.label):,}')
    shown = int((counts[:, labels].sum(axis=0) > 0).sum())
    columns[2].metric('Classes with objects', f'{shown} of {len(labels)}')
    columns[3].metric('Pixels of objects', f'{100 * covered:.1f} %')
    columns[4].metric('Images that cannot be read', f'{broken}')


def _behind(album: Album, names: Sequence[str], title: str, key: str) -> None:
    """Draw the images behind a bar."""
    row = st.container(
        horizontal=True,
        horizontal_alignment='distribute',
        vertical_alignment='bottom',
    )
    row.subheader(f'{title}: {len(names):,} images', anchor=False)
    if not names:
        return
    icon = ':material/photo_library:'
    if row.button('Open all in the viewer', key=f'{key}|all', icon=icon):
        look_at(names[0], names, title)
    picked = gallery(album, names[:SHOWN], f'{key}|gallery', size=150)
    if len(names) > SHOWN:
        st.caption(f'The {SHOWN} that contribute most; the viewer shows all.')
    if picked:
        look_at(picked, names, title)


def _hint() -> None:
    st.caption('Click a bar or a field to see the images behind it.')


def _bars(album: Album, chart: object, key: str, log: bool = False) -> None:
    assert isinstance(chart, charts.Histogram)
    number = charts.bars(chart, key, log=log)
    if number is None:
        _hint()
        return
    title = f'{chart.title} · {chart.bins[number]}'
    _behind(album, chart.images(number), title, key)


def _heat(album: Album, chart: object, key: str) -> None:
    assert isinstance(chart, charts.Heatmap)
    place = charts.heat(chart, key)
    if place is None:
        _hint()
        return
    title = f'{chart.title} · {chart.lines[place[0]]} · {chart.columns[place[1]]}'
    _behind(album, chart.images(*place), title, key)


def _one_class(survey: Survey, key: str) -> int | None:
    """Offer all classes and each one."""
    names: dict[str, int | None] = {'all classes': None}
    names |= {survey.classes[label]: label for label in eda.object_labels(survey)}
    return names[st.selectbox('Class', list(names), key=key, width=260)]


def _classes(album: Album, survey: Survey) -> None:
    row = st.container(horizontal=True, vertical_alignment='center')
    what = row.segmented_control(
        'Count',
        ['instances', 'images', 'pixels'],
        default='instances',
        key='class_unit',
        label_visibility='collapsed',
        required=True,
    )
    log = row.toggle('logarithmic', key='class_log')
    chart = eda.class_bars(survey, what or 'instances')
    _bars(album, chart, f'classes|{what}|{album.ann_file}', log)


def _objects(album: Album, survey: Survey) -> None:
    label = _one_class(survey, 'objects_class')
    chart = eda.objects_per_image(survey, label)
    _bars(album, chart, f'objects|{label}|{album.ann_file}')


def _sizes(album: Album, survey: Survey) -> None:
    found = eda.object_sizes(survey)
    name = st.selectbox('Class', list(found), key='size_class', width=260)
    _bars(album, found[name], f'sizes|{name}|{album.ann_file}')


def _colours(album: Album, survey: Survey) -> None:
    row = st.container(horizontal=True)
    channel = row.selectbox('Channel', eda.CHANNELS, 3, key='channel', width=260)
    found = eda.colour_bars(survey, channel)
    if not found:
        st.info('No image can be read.')
        return
    name = row.selectbox('Class', list(found), key='colour_class', width=260)
    _bars(album, found[name], f'colours|{channel}|{name}|{album.ann_file}')


def _places(album: Album, survey: Survey) -> None:
    label = _one_class(survey, 'place_class')
    _heat(album, maps.position_map(survey, label), f'places|{label}|{album.ann_file}')


def _shapes(album: Album, survey: Survey) -> None:
    label = _one_class(survey, 'shape_class')
    _heat(album, maps.aspect_map(survey, label), f'shapes|{label}|{album.ann_file}')


def _together(album: Album, survey: Survey) -> None:
    _heat(album, maps.co_occurrence(survey), f'together|{album.ann_file}')


def _light(album: Album, survey: Survey) -> None:
    what = st.segmented_control(
        'Figure',
        list(eda.IMAGE_FIGURES),
        default=eda.IMAGE_FIGURES[0],
        key='light',
        label_visibility='collapsed',
        required=True,
    )
    chart = eda.image_bars(survey, what or eda.IMAGE_FIGURES[0])
    _bars(album, chart, f'light|{what}|{album.ann_file}')


@st.cache_data(max_entries=4, show_spinner='Comparing the parts')
def _distances(settings: Settings, marks: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    """Compare the JSON files of the data root, and the folds of train_all."""
    splits = open_splits(settings.data_root, settings.rule, allowed=settings.folders)
    if 'train_all' in splits:
        splits |= fold_splits(splits['train_all'])
    classes = settings.rule.category.classes
    return pd.DataFrame(
        [
            {
                'Parts': f'{d.first} · {d.second}',
                'Measure': d.measure,
                'Class': classes[d.label],
                'First': 100 * d.values[0],
                'Second': 100 * d.values[1],
                'Distance': d.distance,
                'By chance, %': 100 * d.chance,
            }
            for d in compare_splits(splits)
        ]
    )


def _splits(album: Album, survey: Survey) -> None:
    settings = read_settings()
    root = Path(settings.data_root)
    files = [*sorted(root.glob('*.json')), *sorted((root / 'folds').glob('*.txt'))]
    found = _distances(settings, tuple(stamp(path) for path in files))
    if found.empty:
        st.info('There are no two parts with labels to compare.')
        return
    left, right = st.columns(2)
    parts = left.selectbox('Parts', list(dict.fromkeys(found['Parts'])), key='parts')
    measure = right.selectbox('Measure', MEASURES, key='measure')
    chosen = found[(found['Parts'] == parts) & (found['Measure'] == measure)]
    chosen = chosen.drop(columns=['Parts', 'Measure'])
    what = SHARES[str(measure)]
    names = [f'{what}, {part}, %' for part in str(parts).split(' · ')]
    chosen = chosen.rename(columns=dict(zip(('First', 'Second'), names)))
    config = {
        name: st.column_config.NumberColumn(format='%.2f')
        for name in chosen.columns[1:]
    }
    config['Distance'] = st.column_config.ProgressColumn(
        'Distance', min_value=0, max_value=1, format='%.3f'
    )
    table(chosen, config)
    st.caption(
        'Jensen–Shannon distance, 0 to 1. "By chance": how many random divisions of '
        'the same images lie as far apart; few make the difference suspicious.'
    )
