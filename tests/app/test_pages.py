import json
import shutil
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('streamlit')
pytest.importorskip('plotly')
from streamlit.testing.v1 import AppTest

from mmseg_trash.app.settings import Settings
from mmseg_trash.datasets.images import find_image_folder
from mmseg_trash.workbench.models import model_rows

from .conftest import CONFIG, MAIN
from .pages import ok, page, titles

pytestmark = pytest.mark.usefixtures('settings')


def values(field: Any) -> list[float]:
    """Return an array of a chart, which plotly may write in base 64."""
    if isinstance(field, list):
        return field
    return np.frombuffer(b64decode(field['bdata']), field['dtype']).tolist()


def test_the_whole_application_starts() -> None:
    test = ok(AppTest.from_file(str(MAIN), default_timeout=60).run())
    assert titles(test) == ['Explore']
    assert test.metric[0].value == '8'


def test_explore_draws_every_chart() -> None:
    test = ok(page('explore'))
    charts = test.button_group(key='chart')
    for name in list(charts.options):
        test.button_group(key='chart').set_value(name).run()
        ok(test)


def test_viewer_leafs_and_filters() -> None:
    test = ok(page('viewer'))
    first = titles(test)[0]
    test.button(key='next').click().run()
    second = titles(test)[0]
    assert first != second
    test.button(key='previous').click().run()
    assert titles(test) == [first]
    test.text_input(key='search').set_value(Path(second).stem).run()
    assert titles(ok(test)) == [second]
    test.text_input(key='search').set_value('no such name').run()
    assert not test.title and 'No image' in test.info[0].value


def test_viewer_asks_the_model_that_ships(shipped_model: Any) -> None:
    """It predicts the image that is looked at; other classes are not offered."""
    test = ok(page('viewer'))
    box = test.selectbox(key='prediction_a')
    assert 'the model that ships' in box.options
    box.set_value('the model that ships').run()
    assert not test.exception and not test.error and not test.warning


def test_viewer_keeps_to_a_fold() -> None:
    test = ok(page('viewer'))
    test.selectbox(key='only').set_value('fold 0 val').run()
    assert any('of 3' in s.value for s in ok(test).subheader)


def test_what_was_chosen_in_another_file_is_left_out() -> None:
    chosen = ('a bar', frozenset(['not/in/this.jpg']))
    test = ok(page('viewer', chosen_images=chosen, only='from a bar'))
    assert titles(test)
    assert 'from a bar' not in test.selectbox(key='only').options


def test_viewer_sorts_by_the_worst_prediction() -> None:
    test = ok(page('viewer', ann_file='val.json'))
    test.selectbox(key='prediction_a').set_value('altered_1.csv').run()
    test.selectbox(key='prediction_b').set_value('altered_2.csv').run()
    test.selectbox(key='order').set_value('worst IoU').run()
    ok(test)
    assert len(test.session_state['viewer_names']) == 4
    table = test.dataframe[0].value
    assert {'IoU altered_1.csv', 'IoU altered_2.csv'} <= set(table.columns)


@pytest.mark.parametrize('section', ['Scores', 'Sizes', 'Classes', 'Changes'])
def test_predictions(section: str) -> None:
    test = ok(page('compare', ann_file='val.json'))
    test.button_group(key='compare_section').set_value(section).run()
    ok(test)
    if section == 'Scores':
        table = test.dataframe[0].value
        assert table['Images'].tolist() == [4, 4]
        assert ((table['Global mIoU'] > 0) & (table['Global mIoU'] < 100)).all()
    if section == 'Changes':
        assert test.metric[1].value.endswith('of 4')


def test_scores_stand_against_what_the_models_cost(app_root: Path) -> None:
    test = page('compare', ann_file='val.json', compared=['model_0', 'altered_1.csv'])
    test.button_group(key='compare_section').set_value('Scores').run()
    headings = [heading.value for heading in ok(test).subheader]
    assert 'Global mIoU against cost' in headings
    test.button_group(key='run_cost').set_value('Million parameters').run()
    chart = next(c for c in ok(test).get('plotly_chart') if 'run_score' in c.proto.id)
    (trace,) = json.loads(chart.proto.spec)['data']
    assert trace['customdata'] == [[Path(CONFIG).stem]] and trace['name'] == 'model_0'
    score = test.dataframe[0].value['Global mIoU'][0]
    assert values(trace['x']) == [108.629388] and values(trace['y']) == [score]

    # Submissions do not say what made them.
    test = page('compare', ann_file='val.json', compared=['altered_1.csv'])
    test.button_group(key='compare_section').set_value('Scores').run()
    headings = [heading.value for heading in ok(test).subheader]
    assert 'Global mIoU against cost' not in headings


def test_splits_name_their_parts() -> None:
    test = ok(page('explore', chart='Splits'))
    test.selectbox(key='measure').set_value('sizes').run()
    columns = list(ok(test).dataframe[0].value.columns)
    assert columns[1:3] == ['Median size, train, %', 'Median size, val, %']


def test_audit_saves_decisions(tmp_path: Path) -> None:
    test = ok(page('audit'))
    if not test.subheader:
        pytest.skip('the toy data have no findings')
    test.button(key='audit_keep').click().run()
    ok(test)
    saved = json.loads((tmp_path / 'decisions.json').read_text())['decisions']
    assert [entry['action'] for entry in saved] == ['keep']
    assert 'keep' in test.dataframe[0].value['Decision'].tolist()


def test_playground_changes_and_writes_a_config(tmp_path: Path) -> None:
    test = ok(page('playground', playground_seeds=1))
    assert 'ClassMix' in test.code[0].value or 'load_pipeline' in test.code[0].value
    test.selectbox(key='playground_add').set_value('RandomRotate90').run()
    assert "dict(type='RandomRotate90')" in ok(test).code[0].value
    next(t for t in test.text_input if t.label == 'File').set_value('../../up').run()
    next(b for b in test.button if b.label == 'Write').click().run()
    (written,) = (tmp_path / 'work_dirs' / 'playground').iterdir()
    assert written.name == '------up.py'
    assert 'RandomRotate90' in written.read_text()


def test_models_lists_the_zoo(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = ok(page('models'))
    assert len(test.dataframe[0].value) > 50
    assert not [c for c in test.get('plotly_chart') if 'zoo_score' in c.proto.id]

    rows = model_rows(project)
    scored = [replace(row, miou=50.0 + i, data='x') for i, row in enumerate(rows[:3])]
    monkeypatch.setattr('mmseg_trash.app.views.models.model_rows', lambda _: scored)
    test = ok(page('models'))
    chart = next(c for c in test.get('plotly_chart') if 'zoo_score' in c.proto.id)
    points = json.loads(chart.proto.spec)['data']
    assert sorted(y for trace in points for y in values(trace['y'])) == [50, 51, 52]


def broken_root(app_root: Path, tmp_path: Path) -> Path:
    root = tmp_path / 'broken'
    shutil.copytree(app_root, root)
    Settings(str(root)).export()
    return root


def test_a_broken_image_is_a_message(app_root: Path, tmp_path: Path) -> None:
    root = broken_root(app_root, tmp_path)
    name = json.loads((root / 'train.json').read_text())['images'][0]['file_name']
    image = find_image_folder(root, [name]) / name
    image.write_bytes(b'this is no image')
    test = page('viewer')
    assert not test.exception
    assert 'no readable image' in test.error[0].value
    test.button(key='next').click().run()
    assert not test.exception and not test.error
    assert not page('explore').exception


def test_a_broken_json_is_a_message(app_root: Path, tmp_path: Path) -> None:
    root = broken_root(app_root, tmp_path)
    (root / 'train.json').write_text('{"images": [')
    for name in ('viewer', 'explore', 'compare', 'playground'):
        test = page(name)
        assert not test.exception
        assert 'not valid JSON' in test.error[0].value


def test_a_name_outside_the_root_is_a_message(app_root: Path, tmp_path: Path) -> None:
    root = broken_root(app_root, tmp_path)
    content = json.loads((root / 'train.json').read_text())
    content['images'][0]['file_name'] = '../../etc/passwd'
    (root / 'train.json').write_text(json.dumps(content))
    test = page('viewer')
    assert not test.exception
    assert 'outside' in test.error[0].value


def test_a_missing_root_is_a_message(tmp_path: Path) -> None:
    Settings(str(tmp_path / 'nowhere')).export()
    assert 'is no folder' in page('viewer').error[0].value
