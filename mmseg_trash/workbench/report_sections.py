"""The parts of a report that are charts and tables."""

from . import eda, maps
from .report_page import chips, figure, grid, table
from .splits import compare_splits
from .survey import Survey
from .svg import bars_svg, heat_svg, rows_svg
from .tables import Heatmap, Histogram

CHANCE = 0.02
"""Share of random divisions below which a distance between parts stands out."""


class Charts:
    """The charts of a page: their SVG, and the images that stand behind them."""

    def __init__(self, per_bin: int) -> None:
        self.per_bin = per_bin
        self.data: dict[str, dict] = {}
        self.rows: set[int] = set()

    def add(self, chart: Histogram | Heatmap, svg: str, kind: str = '') -> str:
        """Take a chart in and return its figure."""
        if isinstance(chart, Histogram):
            members = list(chart.members)
        else:
            members = [field for line in chart.members for field in line]
        bins = []
        for field in members:
            shown = field[: self.per_bin].tolist()
            self.rows.update(shown)
            bins.append([len(field), shown])
        name = f'c{len(self.data)}'
        self.data[name] = dict(title=chart.title, bins=bins)
        return figure(name, chart.title, svg, kind)


def overview(surveys: dict[str, Survey]) -> str:
    rows = []
    for name, survey in surveys.items():
        total = max(int(survey.class_counts.sum()), 1)
        background = [i for i, c in enumerate(survey.classes) if c == 'Background']
        share = 1 - survey.class_counts[:, background].sum() / total
        objects = len(survey.objects.label)
        broken = sum(map(bool, survey.images.faults))
        labelled = survey.has_labels
        rows.append(
            [
                name,
                str(len(survey)),
                str(objects) if labelled else '–',
                f'{objects / max(len(survey), 1):.1f}' if labelled else '–',
                f'{share:.1%}' if labelled else '–',
                f'!{broken}' if broken else '0',
            ]
        )
    header = ['part', 'images', 'objects', 'objects per image', 'pixels of objects']
    return table([*header, 'unreadable images'], rows)


def chart_sections(
    survey: Survey, charts: Charts, main: str
) -> list[tuple[str, str, str]]:
    sections = []
    if survey.has_labels:
        bars = [eda.class_bars(survey, what) for what in eda.CLASS_UNITS]
        inner = grid(charts.add(chart, rows_svg(chart)) for chart in bars)
        pair = maps.co_occurrence(survey)
        number = eda.objects_per_image(survey)
        inner += '<br>' + grid(
            [
                charts.add(pair, heat_svg(pair, 500, names=True)),
                charts.add(number, bars_svg(number, 500, 250)),
            ],
            two=True,
        )
        text = f'Counts in {main}; pixels as they are after overlaps.'
        sections.append(('Classes', text, inner))
        items = []
        kinds = [('all objects', 'all objects')]
        for name, chart in eda.object_sizes(survey).items():
            label = None if name == eda.EVERYTHING else survey.classes.index(name)
            if label is not None:
                kinds.append((name, name))
            kind = 'all objects' if label is None else name
            shape, place = (
                maps.aspect_map(survey, label),
                maps.position_map(survey, label),
            )
            items += [
                charts.add(chart, bars_svg(chart, 340, 340), kind),
                charts.add(shape, heat_svg(shape), kind),
                charts.add(place, heat_svg(place), kind),
            ]
        text = 'Sizes, shapes and places of objects; sizes are shares of the image.'
        inner = (
            chips(kinds, '#objects figure') + f'<div id="objects">{grid(items)}</div>'
        )
        sections.append(('Objects', text, inner))
    items, kinds = [], []
    channels = ('hue', 'saturation', 'value', 'red', 'green', 'blue')
    coloured = {channel: eda.colour_bars(survey, channel) for channel in channels}
    for name in coloured['hue']:
        kinds.append((name, name))
        for channel in channels:
            chart = coloured[channel][name]
            items.append(charts.add(chart, bars_svg(chart), name))
    text = 'Levels of colour, from 0 to 255, of the pixels of each class.'
    inner = chips(kinds, '#colours figure') + f'<div id="colours">{grid(items)}</div>'
    sections.append(('Colours', text, inner))
    bars = [eda.image_bars(survey, what) for what in eda.IMAGE_FIGURES]
    inner = grid(charts.add(chart, bars_svg(chart)) for chart in bars)
    text = 'Mean and deviation of grey; sharpness is the variance of the Laplacian.'
    sections.append(('Images', text, inner))
    return sections


def distance_tables(surveys: dict[str, Survey]) -> str:
    found = compare_splits(surveys)
    pairs = dict.fromkeys((d.first, d.second) for d in found)
    classes = next(iter(surveys.values())).classes
    cells = {(d.first, d.second, d.measure, d.label): d for d in found}
    parts = []
    for first, second in pairs:
        rows = []
        for label, name in enumerate(classes):
            row = [name]
            for measure in ('images', 'pixels', 'objects', 'sizes'):
                d = cells[first, second, measure, label]
                known = d.distance == d.distance
                text = f'{d.distance:.3f}' if known else '–'
                row.append(f'!{text}' if known and d.chance <= CHANCE else text)
            rows.append(row)
        header = [f'{first} and {second}', 'images', 'pixels', 'objects', 'sizes']
        parts.append(table(header, rows))
    return '<br>'.join(parts)
