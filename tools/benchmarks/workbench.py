"""Time opening, charting and auditing a data set of the competition's size."""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmseg_trash.cli import run

IMAGES, ANNOTATIONS, POINTS = 3272, 26240, 40


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=IMAGES)
    parser.add_argument('--drawn', type=int, default=60, help='scenes to draw')
    return parser.parse_args(argv)


def make_data(root: Path, images: int, drawn: int) -> None:
    """Draw toy scenes of 512 x 512 and repeat them under other names.

    Every repetition is a file of its own, its pixels moved round so that no two look
    alike; objects are as many to an image as in the competition, of 40 points at most.
    """
    import cv2
    import numpy as np

    from mmseg_trash.datasets.toy import make_toy

    make_toy(root / 'drawn', num_train=drawn, num_val=1, num_test=1, workers=2)
    raw = json.loads((root / 'drawn/train.json').read_text())
    own: dict[int, list[dict]] = {}
    for entry in raw['annotations']:
        own.setdefault(entry['image_id'], []).append(entry)
    per_image = ANNOTATIONS / IMAGES
    entries: list[dict] = []
    records: list[dict] = []
    for number in range(images):
        scene = raw['images'][number % len(raw['images'])]
        name = f'batch/{number:04}.jpg'
        target = root / name
        target.parent.mkdir(exist_ok=True)
        image = cv2.imread(str(root / 'drawn' / scene['file_name']))
        moves = np.random.default_rng(number).integers(0, 512, 2)
        assert image is not None
        cv2.imwrite(str(target), np.roll(image, moves, (0, 1)))
        records.append({**scene, 'id': number, 'file_name': name})
        available = own.get(scene['id'], [])
        while available and len(entries) < (number + 1) * per_image:
            entry = available[len(entries) % len(available)]
            shift = number / images
            polygons = []
            for part in entry['segmentation']:
                points = np.reshape(part, (-1, 2))
                kept = points[:: len(points) // POINTS + 1] + shift
                polygons.append(kept.round(1).ravel().tolist())
            key = dict(id=len(entries) + 1, image_id=number, segmentation=polygons)
            entries.append({**entry, **key})
    content = dict(raw, images=records, annotations=entries)
    (root / 'train.json').write_text(json.dumps(content))
    shutil.rmtree(root / 'drawn')


def main(argv: list[str] | None = None) -> None:
    """Print seconds for each step, on a cold cache and on a warm one."""
    args = parse_args(argv)
    from mmseg_trash.workbench import eda, maps
    from mmseg_trash.workbench.audit import run_audit
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
