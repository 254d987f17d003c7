"""The report of an ablation, from results that are made up."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmseg_trash.experiments.ablation import Arm
from mmseg_trash.experiments.ablation_report import write_report
from mmseg_trash.experiments.job import Job, Result
from mmseg_trash.metrics.records import Records

NAMES = ('Background', 'Can')


def _result(folder: Path, seed: int, hits: int, classes: Sequence[str] = ()) -> Result:
    matrices = np.zeros((20, 2, 2, 2), np.int64)
    right = hits + np.random.default_rng(seed + hits).integers(-3, 3, (20, 1))
    for label in range(2):
        matrices[:, :, label, label] = right
        matrices[:, :, label, 1 - label] = 100 - right
    names = [f'{i}' for i in range(20)]
    records = Records(names, matrices, [0] * 20, [0, 256], classes)
    scalars = folder / f'{hits}_{seed}/1/vis_data/scalars.json'
    scalars.parent.mkdir(parents=True)
    rows = [dict(step=s, loss=1 / s) for s in (1, 2)] + [dict(step=2, mIoU=hits)]
    scalars.write_text('\n'.join(map(json.dumps, rows)))
    job = Job('c.py', str(folder / f'{hits}_{seed}'), seed=seed)
    return Result(job, {}, 90.0, 'x', records)


def test_report(tmp_path: Path) -> None:
    arms = [Arm('base', Path('b.py'), ()), Arm('iouce', Path('i.py'), ['loss_decode'])]
    results = {
        'base': [_result(tmp_path, seed, 60) for seed in (0, 1, 2)],
        'iouce': [_result(tmp_path, seed, 80) for seed in (0, 1, 2)],
    }
    write_report(arms, results, tmp_path / 'out', 'A <title>', 'drawn scenes')
    text = (tmp_path / 'out/report.md').read_text()
    row = next(line for line in text.splitlines() if line.startswith('| iouce | 6'))
    assert '| better |' in row and '| +2' in row and '| 1.5 |' in row
    assert '| 0 | 42.' in text and 'seeds 0, 1, 2' in text
    assert '| iouce | loss_decode |' in text and '(curves.png)' in text
    page = (tmp_path / 'out/report.html').read_text()
    assert 'A &lt;title&gt;' in page and 'src="data:image/png;base64,' in page
    numbers = json.loads((tmp_path / 'out/report.json').read_text())
    found = numbers['iouce']['comparison']
    assert found['delta']['mean'] > 15
    assert 0 < found['low'] < found['delta']['mean'] < found['high']
    assert found['below'] == 0 and found['trash']['low'] > 0
    assert f'{found["low"]:+.2f} to {found["high"]:+.2f} | 0.000 |' in row
    assert f'{found["trash"]["difference"]:+.2f} (+' in row and 'trash IoU' in page
    # what reads the reports of before still finds its keys
    assert set(numbers['iouce']) == {'seeds', 'metrics', 'seconds', 'comparison'}
    assert {'delta', 'p_value', 'low', 'high'} < set(found)
    assert numbers['base']['comparison'] is None
    assert (tmp_path / 'out/curves.png').stat().st_size > 5000


def test_trash_against_background(tmp_path: Path) -> None:
    arms = [Arm('base', Path('b.py'), ()), Arm('more', Path('m.py'), ['x'])]
    results = {
        'base': [_result(tmp_path, seed, 60) for seed in (0, 1)],
        'more': [_result(tmp_path, seed, 80, NAMES) for seed in (0, 1)],
    }
    write_report(arms, results, tmp_path / 'out', 'A title', 'drawn scenes')
    lines = (tmp_path / 'out/report.md').read_text().splitlines()
    head, base, more = (
        next(line for line in lines if line.startswith(f'| {name} |')).split('|')
        for name in ('change', 'base', 'more')
    )
    place = [cell.strip() for cell in head].index('trash IoU')
    ious = []
    for result in results['more']:
        (_, wrong), (missed, hit) = result.records.matrices[:, 0].sum(0)
        ious.append(100 * hit / (wrong + missed + hit))
    spread = f'{np.mean(ious):.2f} ± {np.std(ious, ddof=1):.2f}'
    assert more[place].strip() == spread
    assert base[place].strip() == '-'  # of an earlier version, without names
    numbers = json.loads((tmp_path / 'out/report.json').read_text())
    found = [metrics['trash_IoU'] for metrics in numbers['more']['metrics']]
    assert np.allclose(found, ious)
