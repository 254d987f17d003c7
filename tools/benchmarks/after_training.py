"""Measure what the steps after training add, on one or several data sets.

  python tools/benchmarks/after_training.py toy=work_dirs/toy_data --out docs

Numbers go to after_training.json, from which after_training.md is written, with what
was measured before of other data sets. A "remark" beside them comes into the page; it
goes when the data set is measured again. Without data sets, the page alone is written.

Each data set's validation images play the test set. Trained are a network on all
training images, the same on each fold, and a second architecture; then come views,
ensembles, CRF, write-back and pseudo labels. Call it again after an interruption.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from mmseg_trash import cli
from mmseg_trash.metainfo import CLASSES

CONFIGS = (
    'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py',
    'configs/smpfpn/smpfpn_efficientnet-b0-scratch_1xb8-1k_toy-128x128.py',
)
CRF = dict(crf='pydensecrf')
BACK = dict(crf='pydensecrf', write_back=True)
NOTE = """mIoU at 256x256 in per cent, the size that the competition scores: global, by
image, and by batch of 8. The validation images play the test set; nothing was chosen by
them. The networks are small and trained from scratch for minutes: differences of a
point are within what another seed gives. Pseudo labels are those of the ensemble of
everything for the scored images, their pixels at .9 and more; the network is trained
again, from scratch, on both."""


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', nargs='*', metavar='NAME=FOLDER')
    parser.add_argument('--out', type=Path, default=Path('docs'), help='default: docs')
    parser.add_argument('--work-dir', type=Path, default='work_dirs/after_training')
    parser.add_argument('--configs', nargs=2, default=CONFIGS, help='two architectures')
    parser.add_argument('--folds', type=int, default=3)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--threshold', type=float, default=0.9, help='of pseudo labels; default: .9'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='overrides: a.b.0.c=value'
    )
    return parser.parse_args(argv)


def made(name: str, args: argparse.Namespace) -> str:
    """Say what was measured: command without the folders of this machine, versions."""
    import torch

    words = ['tools/benchmarks/after_training.py', f'{name}=FOLDER']
    if tuple(args.configs) != CONFIGS:
        words += ['--configs', *args.configs]
    words += ['--folds', str(args.folds), '--seed', str(args.seed)]
    options = [f'{key}={value}' for key, value in (args.cfg_options or {}).items()]
    command = ' '.join([*words, '--cfg-options', *options] if options else words)
    return (
        f'{Path(args.configs[0]).stem} and {Path(args.configs[1]).stem}, '
        f'{args.folds} folds. torch {torch.__version__}, Python '
        f'{platform.python_version()}, {date.today()}; `{command}`.'
    )


def entries(folds: list[str]) -> list[Any]:
    """Return the rows of the table but those of pseudo labels."""
    from mmseg_trash.experiments.after_training import Entry

    views = [f'{name}_tta' for name in folds]
    every = ['single_tta', 'second_tta', *views]
    return [
        Entry('one network', ['single']),
        Entry('+ views (TTA)', ['single_tta']),
        Entry('second architecture', ['second']),
        Entry('second architecture + views', ['second_tta']),
        Entry('ensemble of the folds', folds),
        Entry('ensemble of the folds + views', views),
        Entry('ensemble of both architectures + views', ['single_tta', 'second_tta']),
        Entry('all of these', every),
        Entry('all + CRF', every, CRF),
        Entry('all + CRF + write-back', every, BACK),
        Entry('one network + CRF', ['single'], CRF),
    ]


def shows_objects(pseudo: Path) -> bool:
    """Tell whether pseudo labels are of more than background."""
    content = json.loads(pseudo.read_text(encoding='utf-8'))
    ids = {c['id'] for c in content['categories'] if c['name'] in CLASSES[1:]}
    return any(entry['category_id'] in ids for entry in content['annotations'])


def measure(name: str, root: Path, args: argparse.Namespace) -> list[list[str]]:
    """Train, predict, combine and score one data set; draw its picture.

    Returns:
        Rows of the table.
    """
    from mmseg_trash.errors import DataError
    from mmseg_trash.experiments import after_training as steps
    from mmseg_trash.experiments.after_training_picture import draw
    from mmseg_trash.experiments.job import Job

    folder = (args.work_dir / name).absolute()
    data = steps.prepare(root, folder / 'data', args.folds)
    options = dict(args.cfg_options or {})

    def job(config: str, place: str, **more: Any) -> Job:
        more = {**options, **more}
        return Job(config, str(folder / place), args.seed, None, str(data), more)

    first, second = args.configs
    models = {
        'single': (first, steps.train(job(first, 'single'))['single']),
        'second': (second, steps.train(job(second, 'second'))['second']),
    }
    folds = steps.train(job(first, 'folds'), args.folds)
    models.update({fold: (first, file) for fold, file in folds.items()})
    stores = folder / 'stores'
    for model, (config, file) in models.items():
        for tta, suffix in ((False, ''), (True, '_tta')):
            steps.predict(config, file, data, stores / f'{model}{suffix}', tta)
    dataset = steps.truth(data)
    found = {}
    for entry in entries(list(folds)):
        found[entry.name] = steps.combine(entry, stores, data, folder / 'submissions')
    recipe = found['all of these'].with_suffix('.yaml')
    pseudo = folder / 'pseudo.json'
    try:
        steps.pseudo_label(recipe, pseudo, args.threshold)
        shows = shows_objects(pseudo)
    except DataError as error:  # weak networks are sure of nothing
        print(f'no pseudo labels: {error}', flush=True)
        shows = False
    if shows:
        again = job(first, 'pseudo', **steps.with_pseudo_labels(pseudo))
        file = steps.train(again)['pseudo']
        for tta, suffix in ((False, ''), (True, '_tta')):
            steps.predict(first, file, data, stores / f'pseudo{suffix}', tta)
            title = 'one network + pseudo labels' + (' + views' if tta else '')
            entry = steps.Entry(title, [f'pseudo{suffix}'])
            found[title] = steps.combine(entry, stores, data, folder / 'submissions')
    rows = []
    for title, submission in found.items():
        scores = steps.score(submission, dataset).metrics()
        keys = ('mIoU_256', 'mIoU_image_256', 'mIoU_batch_256')
        rows.append([title, *(f'{scores[key]:.2f}' for key in keys)])
        print(*rows[-1], sep='  ', flush=True)
    shown = ('one network', 'all of these', 'all + CRF', 'all + CRF + write-back')
    picture = args.out / f'after_training_{name}.jpg'
    draw(dataset, {title: found[title] for title in shown}, picture)
    return rows


def page_of(found: dict[str, Any], out: Path) -> str:
    """Return the page of all that was measured."""
    from mmseg_trash.experiments.page import Heading, Page, Picture, Table, Text

    page = Page('After training')
    page.add(Text(NOTE))
    for name, entry in found.items():
        page.add(Heading(name))
        page.add(Text(entry['made']))
        page.add(Table(['what', 'global', 'by image', 'by batch'], entry['rows']))
        if 'remark' in entry:
            page.add(Text(entry['remark']))
        picture = out / f'after_training_{name}.jpg'
        page.add(Picture(picture, 'photograph, truth, and what the steps change'))
    return page.markdown(out)


def main(argv: list[str] | None = None) -> None:
    """Measure every data set and write one page."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.launch import quiet

    quiet()
    file = args.out / 'after_training.json'
    found = json.loads(file.read_text(encoding='utf-8')) if file.is_file() else {}
    for text in args.data:
        name, equals, root = text.partition('=')
        if not equals or not name.isidentifier():
            raise ConfigError(f'{text}: expected NAME=FOLDER')
        rows = measure(name, Path(root), args)
        found[name] = dict(made=made(name, args), rows=rows)
        with atomic_write(file) as temporary:
            content = json.dumps(found, indent=1, ensure_ascii=False) + '\n'
            temporary.write_text(content, encoding='utf-8')
    with atomic_write(args.out / 'after_training.md') as temporary:
        temporary.write_text(page_of(found, args.out), encoding='utf-8')
    print(args.out / 'after_training.md')


if __name__ == '__main__':
    cli.run(main)
