"""Measure what the steps after training add, on one or several data sets.

  python tools/benchmarks/after_training.py toy=work_dirs/toy_data --out docs

Numbers go to after_training.json, from which after_training.md is written, with what
was measured before of other data sets. A "remark" beside them comes into the page; it
goes when the data set is measured again. Without data sets, the page alone is written.

Each data set's validation images play the test set. Trained are two architectures on
all training images and on each fold; then come views, ensembles, a soup, searched
weights, CRF, write-back and pseudo labels. Call it again after an interruption.
--cfg-options, such as optim_wrapper.type=AmpOptimWrapper, hold for every training.
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
    'configs/smpfpn/smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py',
    'configs/unet/unet_efficientnet-lite0_1xb8-0.6k_demo-224x224.py',
)
THRESHOLD = 0.9


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
        '--threshold', type=float, default=THRESHOLD, help='of pseudo labels'
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
    if args.threshold != THRESHOLD:
        words += ['--threshold', str(args.threshold)]
    options = [f'{key}={value}' for key, value in (args.cfg_options or {}).items()]
    command = ' '.join([*words, '--cfg-options', *options] if options else words)
    return (
        f'{Path(args.configs[0]).stem} and {Path(args.configs[1]).stem}, '
        f'{args.folds} folds. torch {torch.__version__}, Python '
        f'{platform.python_version()}, {date.today()}; `{command}`.'
    )


def shows_objects(pseudo: Path) -> bool:
    """Tell whether pseudo labels are of more than background."""
    content = json.loads(pseudo.read_text(encoding='utf-8'))
    ids = {c['id'] for c in content['categories'] if c['name'] in CLASSES[1:]}
    return any(entry['category_id'] in ids for entry in content['annotations'])


def measure(name: str, root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train, predict, combine and score one data set; draw its picture.

    Returns:
        ``rows`` of the table, and the ``weights`` that were searched.
    """
    from mmseg_trash.errors import DataError
    from mmseg_trash.experiments import after_training as steps
    from mmseg_trash.experiments import after_training_averages as averages
    from mmseg_trash.experiments import after_training_table as table
    from mmseg_trash.experiments.after_training_picture import draw
    from mmseg_trash.experiments.job import Job

    folder = (args.work_dir / name).absolute()
    data = steps.prepare(root, folder / 'data', args.folds)
    options = dict(args.cfg_options or {})
    stores, submissions = folder / 'stores', folder / 'submissions'

    def train(config: str, place: str, folds: int = 0, **more: Any) -> dict[str, Any]:
        more = {**options, **more}
        job = Job(config, str(folder / place), args.seed, None, str(data), more)
        return {k: (config, file) for k, file in steps.train(job, folds).items()}

    def predict(place: str, model: Any, views: bool = True) -> None:
        for tta in (False, True)[: 1 + views]:
            store = stores / f'{place}{"_tta" if tta else ""}'
            steps.predict(model, data / steps.TEST, store, tta, options)

    first, second = args.configs
    models = {**train(first, 'single'), **train(second, 'second')}
    folds = train(first, 'folds', args.folds)
    others = {
        f'second_{k}': model
        for k, model in train(second, 'second_folds', args.folds).items()
    }
    for place, model in {**models, **folds, **others}.items():
        predict(place, model)
    soup = averages.cook(list(folds.values()), data, folder / 'soup.pth', options)
    predict('soup', soup, views=False)
    found = {}
    for entry in table.entries(list(folds), list(others)):
        found[entry.name] = steps.combine(entry, stores, data, submissions)
        if entry.name == table.BOTH:
            unseen = [
                averages.predict_out_of_fold(
                    list(part.values()), data, folder / 'out_of_fold' / place, options
                )
                for place, part in (('first', folds), ('second', others))
            ]
            recipe = found[entry.name].with_suffix('.yaml')
            file = submissions / 'searched_weights.csv'
            found[table.SEARCHED] = averages.weigh(recipe, unseen, data, file)
    pseudo = folder / 'pseudo.json'
    try:
        recipe = found[table.ALL].with_suffix('.yaml')
        steps.pseudo_label(recipe, pseudo, args.threshold)
        shows = shows_objects(pseudo)
    except DataError as error:  # weak networks are sure of nothing
        print(f'no pseudo labels: {error}', flush=True)
        shows = False
    if shows:
        again = train(first, 'pseudo', **steps.with_pseudo_labels(pseudo))
        predict('pseudo', again['pseudo'])
        for suffix, views in (('', ''), ('_tta', ' + views')):
            title = f'one network + pseudo labels{views}'
            entry = steps.Entry(title, [f'pseudo{suffix}'])
            found[title] = steps.combine(entry, stores, data, submissions)
    rows = table.rows_of(found, steps.truth(data))
    for row in rows:
        print(*row, sep='  ', flush=True)
    shown = (table.ONE, table.ALL, 'all + CRF', 'all + CRF + write-back')
    picture = args.out / f'after_training_{name}.jpg'
    draw(steps.truth(data), {title: found[title] for title in shown}, picture)
    weights = averages.weights_of(found[table.SEARCHED].with_suffix('.yaml'))
    return dict(rows=rows, weights=weights)


def main(argv: list[str] | None = None) -> None:
    """Measure every data set and write one page."""
    args = parse_args(argv)
    from mmseg_trash.errors import ConfigError
    from mmseg_trash.experiments.after_training_table import page_of
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.launch import quiet

    quiet()
    file = args.out / 'after_training.json'
    found = json.loads(file.read_text(encoding='utf-8')) if file.is_file() else {}
    for text in args.data:
        name, equals, root = text.partition('=')
        if not equals or not name.isidentifier():
            raise ConfigError(f'{text}: expected NAME=FOLDER')
        measured = measure(name, Path(root), args)
        found[name] = dict(made=made(name, args), **measured)
        with atomic_write(file) as temporary:
            content = json.dumps(found, indent=1, ensure_ascii=False) + '\n'
            temporary.write_text(content, encoding='utf-8')
    with atomic_write(args.out / 'after_training.md') as temporary:
        temporary.write_text(page_of(found, args.out), encoding='utf-8')
    print(args.out / 'after_training.md')


if __name__ == '__main__':
    cli.run(main)
