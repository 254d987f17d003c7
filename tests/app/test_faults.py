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
def root(app_root: Path, tmp_path: Path, project: Path) -> Path:
    """Return a data root of one's own, opened."""
    root = tmp_path / 'broken'
    shutil.copytree(app_root, root)
    Settings(str(root), configs=str(project / 'configs')).export()
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


@pytest.mark.parametrize('way', ['name', 'link'])
def test_nothing_outside_is_shown(root: Path, tmp_path: Path, way: str) -> None:
    album = Album(root, 'train.json')
    secret = tmp_path / 'secret.jpg'
    height, width = (int(side) for side in album.sizes[0])
    Image.new('RGB', (width, height), (255, 0, 255)).save(secret)
    if way == 'name':
        content = json.loads((root / 'train.json').read_text())
        content['images'][0]['file_name'] = '../secret.jpg'
        (root / 'train.json').write_text(json.dumps(content))
        name = '../secret.jpg'
    else:
        album.path(0).unlink()
        (root / album.names[0]).symlink_to(secret)
        name = album.names[0]
    for view in ('viewer', 'playground'):
        test = page(view, current_image=name, playground_seeds=1)
        assert not test.exception
        assert 'lies outside' in test.error[0].value
        assert not test.get('imgs')
    # Nor is it measured.
    test = ok(page('explore'))
    assert test.metric[4].value == '1'
    test = ok(page('audit'))
    table = test.dataframe[0].value
    assert name in table[table['Kind'] == 'bad image']['Image'].tolist()


def test_predictions_may_hold_ignored_pixels(root: Path, tmp_path: Path) -> None:
    album = Album(root, 'val.json')
    for row, name in enumerate(album.names):
        path = tmp_path / 'maps' / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        label = album.label_map(row)
        label[:10] = 255
        Image.fromarray(label).save(path)
    Settings(str(root), predictions=(str(tmp_path / 'maps'),)).export()
    test = ok(page('viewer', ann_file='val.json', prediction_a='maps'))
    scores = test.dataframe[0].value['IoU maps']
    # They count for nothing, as among the predictions' scores.
    assert (scores == 100).all()
    test = page('compare', ann_file='val.json', compared=['maps', 'model_0'])
    for section in ok(test).button_group(key='compare_section').options:
        test.button_group(key='compare_section').set_value(section).run()
        ok(test)
