"""Widgets follow what they are about."""

import json
from pathlib import Path

import pytest

pytest.importorskip('streamlit')
pytest.importorskip('plotly')

from mmseg_trash.app.settings import Settings, read_settings
from mmseg_trash.workbench.album import Album

from .pages import ok, page

pytestmark = pytest.mark.usefixtures('settings')


def test_the_class_to_relabel_to_is_that_of_the_finding(
    app_root: Path, tmp_path: Path
) -> None:
    raw = json.loads((app_root / 'train.json').read_text())
    names = {c['id']: c['name'] for c in raw['categories']}
    first, other = raw['annotations'][:2]
    other = next(
        a for a in raw['annotations'] if a['category_id'] != first['category_id']
    )
    # Two findings that stand first, of two classes.
    for entry in (first, other):
        points = entry['segmentation'][0]
        entry['segmentation'] = [points, [points[0], points[1]] * 3]
    root = tmp_path / 'data'
    root.mkdir()
    (root / 'train.json').write_text(json.dumps(raw))
    album = Album(app_root, 'train.json')
    for row, name in enumerate(album.names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(album.path(row).read_bytes())
    Settings(str(root), decisions=str(tmp_path / 'decisions.json')).export()
    assert read_settings().data_root == str(root)
    test = ok(page('audit', audit_rules=['degenerate']))
    labels = []
    for _ in range(2):
        (box,) = [s for s in test.selectbox if s.label == 'Class']
        labels.append(box.value)
        test.button(key='audit_after').click().run()
    wanted = {names[first['category_id']], names[other['category_id']]}
    assert set(labels) == wanted and len(wanted) == 2


def test_back_to_the_config_takes_changes_back() -> None:
    test = ok(page('playground', playground_seeds=1))
    text = test.code[0].value
    assert "dict(type='ClassMix', prob=0.5)" in text
    (slider,) = [s for s in test.slider if s.label == 'prob' and s.value == 0.5][:1]
    slider.set_value(0.8).run()
    assert 'prob=0.8' in ok(test).code[0].value
    (toggle,) = [t for t in test.toggle if t.label == 'on'][:1]
    toggle.set_value(False).run()
    assert 'ClassMix' not in ok(test).code[0].value.split('train_pipeline')[1]
    next(b for b in test.button if b.label == 'Back to the config').click().run()
    assert ok(test).code[0].value == text


def test_a_slider_keeps_its_range() -> None:
    test = ok(page('playground', playground_seeds=1))
    names = [(s.label, s.min, s.max) for s in test.slider]
    label = next(entry[0] for entry in names if entry[2] > 10)
    (slider,) = [s for s in test.slider if s.label == label][:1]
    slider.set_value(1 if isinstance(slider.value, int) else slider.min).run()
    test.run()
    assert [(s.label, s.min, s.max) for s in ok(test).slider] == names


def test_the_file_is_named_after_the_config() -> None:
    test = ok(page('playground', playground_seeds=1))
    box = test.selectbox(key='playground_config')
    other = next(name for name in box.options if 'copypaste' in name)
    box.set_value(other).run()
    (file,) = [t for t in ok(test).text_input if t.label == 'File']
    assert file.value == f'{Path(other).stem}-changed'
