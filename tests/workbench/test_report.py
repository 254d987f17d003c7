"""The report opens from a folder alone, and its bars lead to the images behind them."""

import csv
import json
import re
import runpy
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_trash.errors import DataError
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.workbench import eda
from mmseg_trash.workbench.audit import run_audit
from mmseg_trash.workbench.finding import Finding
from mmseg_trash.workbench.pictures import finding_picture
from mmseg_trash.workbench.report import write_report
from mmseg_trash.workbench.splits import open_splits
from mmseg_trash.workbench.survey import open_survey
from mmseg_trash.workbench.tables import short

from .conftest import Data, box


def run_tool(project: Path, *arguments: Path | str) -> None:
    tool = runpy.run_path(str(project / 'tools/analysis/report.py'))
    tool['main']([str(argument) for argument in arguments])


class Page(HTMLParser):
    """What a page refers to, and its bins by chart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.bins: dict[str, list[int]] = {}
        self.open: list[str] = []
        self.chart = ''
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        self.addresses += [found[k] for k in ('src', 'href') if k in found]
        if 'data-chart' in found:
            self.chart = found['data-chart']
        if 'data-bin' in found:
            self.bins.setdefault(self.chart, []).append(int(found['data-bin']))
        if tag not in ('img', 'meta', 'br', 'line'):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ('rect',) or self.open[-1] == 'rect':
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ('img', 'meta', 'br', 'line'):
            self.open.pop()


@pytest.fixture
def report(sound: Data, project: Path, tmp_path: Path) -> Path:
    """Return a report of data with faults, a hostile name and an unreadable image."""
    sound.image(
        'a "b" <i>&.jpg', ('Glass', [box(5, 5, 9, 9)]), ('Metal', [box(5, 5, 9, 9)])
    )
    sound.image('broken.jpg', ('Glass', [box(5, 5, 9, 9)]))
    sound.add(3, 'Glass', [[1.0, 2]])
    root = sound.write()
    (root / 'broken.jpg').write_bytes(b'none')
    val = Data(root, first=300)
    val.image('val.jpg', ('Paper', [box(3, 3, 20, 20)]))
    val.write('val.json')
    # The statistics need sound files; the audit's own copy keeps the fault.
    raw = json.loads((root / 'train.json').read_text())
    raw['annotations'].pop()
    (root / 'train.json').write_text(json.dumps(raw))
    run_tool(project, root, '--out', tmp_path / 'out', '--title', 'A <b> title')
    return tmp_path / 'out'


def test_report(report: Path) -> None:
    text = (report / 'index.html').read_text()
    assert not re.search(r'(https?:)?//[a-z]', text.replace('</', '')), 'an address'
    page = Page(text)
    assert page.open == [] and '<i>' not in text.split('<main>')[0]
    for address in page.addresses:
        assert address.startswith('#') or (report / address).is_file(), address
    data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
    assert set(page.bins) == set(data['charts'])
    thumbs = {int(path.stem) for path in (report / 'thumbs').iterdir()}
    for name, chart in data['charts'].items():
        assert page.bins[name] == list(range(len(chart['bins'])))
        for total, rows in chart['bins']:
            assert len(rows) == min(total, 16) and thumbs.issuperset(rows)
    assert data['names'][12] == 'a "b" <i>&.jpg' and 12 in thumbs
    first = data['charts']['c0']
    survey = open_survey(report.parent / 'data/train.json')
    bars = eda.class_bars(survey, 'images')
    assert [total for total, _ in first['bins']] == bars.values.tolist()
    rows = list(csv.DictReader((report / 'findings.csv').open()))
    assert {row['rule'] for row in rows} == {'bad_image', 'conflict', 'hidden'}
    assert text.count('class="card"') == 3
    for n in range(3):
        assert cv2.imread(str(report / f'findings/{n}.jpg')) is not None


def test_in_a_browser(report: Path) -> None:
    browser = shutil.which('chromium') or shutil.which('google-chrome')
    if browser is None:
        pytest.skip('no Chromium')
    text = (report / 'index.html').read_text()
    click = (
        '<script>const bins = document.querySelectorAll("figure .bin");'
        'bins[2].dispatchEvent(new Event("click", {bubbles: true}));</script></body>'
    )
    (report / 'click.html').write_text(text.replace('</body>', click))
    options = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom']
    done = subprocess.run(
        [browser, *options, (report / 'click.html').as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    strip = done.stdout.split('id="strip"')[1]
    assert strip.count('src="thumbs/') == 12, 'Paper stands in twelve images'
    assert 'Images of each class · Paper: 12 images · 12 images' in done.stdout


def test_quality_in_the_report(sound: Data, project: Path, tmp_path: Path) -> None:
    root = sound.write()
    survey = open_survey('train.json', root)
    store = ProbStore(tmp_path / 'store', CLASSES)
    label = survey.label_map(2)
    label[label == CLASSES.index('Paper')] = CLASSES.index('Clothing')
    probs = np.eye(11, dtype=np.float32)[label].transpose(2, 0, 1)
    store.write(survey.names[2], probs)
    run_tool(project, root, '--out', tmp_path / 'out', '--probs', tmp_path / 'store')
    rows = list(csv.DictReader((tmp_path / 'out/findings.csv').open()))
    assert rows[0]['rule'] == 'low_quality_object' and rows[0]['annotation'] == '7'
    assert int(rows[0]['suggestion']) == CLASSES.index('Clothing')


def test_folds_and_limit(sound: Data, tmp_path: Path) -> None:
    for n in range(4):
        sound.add(n, 'Glass', [box(3, 2, 10, 10)])
    root = sound.write()
    surveys = open_splits(root)
    findings = run_audit(root)
    assert len(findings) == 4
    path = write_report(surveys, findings, tmp_path / 'out', 't', limit=2)
    assert len(list((path.parent / 'findings').iterdir())) == 2
    assert len((path.parent / 'findings.csv').read_text().splitlines()) == 5
    assert '2 are shown' in path.read_text()


def test_tool_refuses(sound: Data, project: Path, tmp_path: Path) -> None:
    root = sound.write()
    with pytest.raises(DataError, match='--main val: the parts are train'):
        run_tool(project, root, '--out', tmp_path / 'out', '--main', 'val')
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be written'):
        run_tool(project, root, '--out', tmp_path / 'file')


def test_picture_outlines_what_is_meant(sound: Data) -> None:
    survey = open_survey('train.json', sound.write())
    name = 'batch_01/0000.jpg'
    finding = Finding('x', 'train.json', name, 2, 1, '', (30, 30, 12, 10))
    picture = finding_picture(survey, finding)
    red = (picture == (255, 45, 85)).all(axis=2)
    lines, columns = np.nonzero(red)
    scale = 300 / 64
    assert abs(columns.min() - 30 * scale) < 8 and abs(lines.max() - 40 * scale) < 8
    unseen = Finding('x', 'train.json', name, None, 1, '', (1, 1, 4, 4))
    assert (finding_picture(survey, unseen) == (255, 45, 85)).all(axis=2).any()
    pair = Finding('x', 'train.json', name, None, 1, '', other='batch_01/0001.jpg')
    assert finding_picture(survey, pair).shape[1] > 120


def test_short_numbers() -> None:
    values = (0, 1.234, 12345.6, 0.000123456, 100.0)
    assert [short(v) for v in values] == ['0', '1.23', '12346', '0.000123', '100']
