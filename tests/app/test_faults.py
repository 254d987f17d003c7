"""Files that are broken, and files that are of no use here, spoil no page."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip('streamlit')
pytest.importorskip('plotly')

from mmseg_trash.app.settings import Settings
from mmseg_trash.workbench.album import Album

from .pages import ok, page, titles

pytestmark = pytest.mark.usefixtures('settings')


@pytest.fixture
def root(app_root: Path, tmp_path: Path) -> Path:
    """Return a data root of one's own, opened."""
    root = tmp_path / 'broken'
    shutil.copytree(app_root, root)
    Settings(str(root)).export()
    return root


def test_a_json_of_other_classes_spoils_no_other(root: Path) -> None:
    content = json.loads((root / 'train.json').read_text())
    content['categories'][0]['name'] = 'Aluminium foil'
    (root / 'annotations.json').write_text(json.dumps(content))
    test = ok(page('compare', ann_file='val.json'))
    test.button_group(key='compare_section').set_value('Classes').run()
    options = ok(test).selectbox(key='training').options
    assert 'train.json' in options and 'annotations.json' not in options


def test_a_folder_of_label_maps_opens(root: Path, tmp_path: Path) -> None:
    album = Album(root, 'val.json')
    for row, name in enumerate(album.names):
        path = tmp_path / 'maps' / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(album.label_map(row)).save(path)
    # The layout of tools/predict.py: the store lies below.
    shutil.move(root / 'predictions/model_0', tmp_path / 'run/probs')
    paths = (str(tmp_path / 'maps'), str(tmp_path / 'run'))
    Settings(str(root), predictions=paths).export()
    test = page('compare', ann_file='val.json', compared=['maps', 'run'])
    test.button_group(key='compare_section').set_value('Scores').run()
    table = ok(test).dataframe[0].value
    assert table['Global mIoU'][0] == 100 and 0 < table['Global mIoU'][1] < 100


def test_a_finding_opens_in_its_own_file(root: Path) -> None:
    name = Album(root, 'val.json').names[2]
    test = ok(page('viewer', wanted_file='val.json', current_image=name))
    assert titles(test) == [name]
    assert test.selectbox(key='ann_file').value == 'val.json'


def test_the_audit_lists_the_faults_of_a_json(root: Path) -> None:
    content = json.loads((root / 'train.json').read_text())
    content['annotations'][0]['image_id'] = 12345
    (root / 'train.json').write_text(json.dumps(content))
    test = page('audit')
    assert not test.exception and '12345' in test.error[0].value
    kinds = test.dataframe[0].value['Kind'].tolist()
    assert 'unknown image' in kinds, kinds


def test_colours_of_images_that_cannot_be_read(root: Path) -> None:
    album = Album(root, 'train.json')
    for row in range(len(album)):
        album.path(row).write_bytes(b'no image')
    test = ok(page('explore', chart='Colours'))
    assert 'No image' in test.info[0].value


def test_the_viewer_filters_by_finding_by_itself(root: Path) -> None:
    album = Album(root, 'train.json')
    album.path(5).write_bytes(b'no image')
    test = ok(page('viewer'))
    assert not [o for o in test.selectbox(key='only').options if 'finding' in o]
    test.button(key='audit_now').click().run()
    test.selectbox(key='only').set_value('finding: bad_image').run()
    assert 'no readable image' in test.error[0].value
    assert test.session_state['viewer_names'] == [album.names[5]]
