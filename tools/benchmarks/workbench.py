"""Time opening, charting and auditing a data set of the competition's size."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=3272)
    parser.add_argument('--drawn', type=int, default=60, help='scenes to draw')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Print seconds for each step, on a cold cache and on a warm one."""
    args = parse_args(argv)
    from mmseg_trash.workbench import eda, maps
    from mmseg_trash.workbench.audit import run_audit
    from mmseg_trash.workbench.benchmark import make_data
    from mmseg_trash.workbench.survey import Survey, open_survey

    def charts(survey: Survey) -> None:
        for what in eda.CLASS_UNITS:
            eda.class_bars(survey, what)
        for channel in ('hue', 'saturation', 'value', 'red', 'green', 'blue'):
            eda.colour_bars(survey, channel)
        for what in eda.IMAGE_FIGURES:
            eda.image_bars(survey, what)
        eda.objects_per_image(survey)
        eda.object_sizes(survey)
        for draw in (maps.aspect_map, maps.position_map, maps.co_occurrence):
            draw(survey)  # type: ignore[operator]

    table = Table(
        'step', 'seconds', 'CPU seconds', title=f'{args.images} images of 512x512'
    )

    def timed(name: str, step: Callable) -> object:
        start, used = time.perf_counter(), time.process_time()
        result = step()
        wall, cpu = time.perf_counter() - start, time.process_time() - used
        table.add_row(name, f'{wall:.2f}', f'{cpu:.2f}')
        return result

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, 'data')
        root.mkdir()
        make_data(root, args.images, args.drawn)
        os.environ['MMSEG_TRASH_CACHE'] = str(Path(folder, 'cache'))
        survey = timed('open, cold', lambda: open_survey('train.json', root))
        assert isinstance(survey, Survey)
        timed('open, warm', lambda: open_survey('train.json', root))
        timed('all charts', lambda: charts(survey))
        findings = timed('audit, warm', lambda: run_audit(root))
        assert isinstance(findings, list)
        size = (root / 'train.json').stat().st_size / 2**20
        table.caption = (
            f'{len(survey.objects.label)} objects, JSON of {size:.0f} MiB, '
            f'{len(findings)} findings, {os.cpu_count()} cores'
        )
    Console().print(table)


if __name__ == '__main__':
    run(main)
