"""What CRF, write-back and clean-up change, as the page shows it."""

from pathlib import Path

import pytest
import yaml
from sklearn.metrics import jaccard_score

pytest.importorskip('streamlit')
pytest.importorskip('plotly')
pytest.importorskip('numba')

from mmseg_trash.postprocess.batch import Ensemble
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.workbench.album import Album
from mmseg_trash.workbench.predictions import open_predictions

from .pages import ok, page

pytestmark = pytest.mark.usefixtures('settings')


def test_what_each_step_of_the_post_processing_changed(app_root: Path) -> None:
    stores = ['model_0', 'model_1']
    test = page('compare', ann_file='val.json', compared=stores)
    ok(test).button_group(key='compare_section').set_value('Post-processing').run()
    test.toggle(key='post_clean').set_value(True).run()
    table = ok(test).dataframe[0].value
    assert table['Step'].tolist() == ['Argmax', 'CRF', 'Write-back', 'Clean-up']

    # The same by the command line's functions.
    members = [open_predictions(app_root / 'predictions' / name) for name in stores]
    name = test.selectbox(key='compare_image').value
    probs, labels = Ensemble(members, [1.0, 1.0]).read(name)
    album = Album(app_root, 'val.json')
    image, truth = album.picture(album.row(name)), album.label_map(album.row(name))
    section = yaml.safe_load(test.code[0].value)['postprocess']
    assert section['crf'] == 'pydensecrf' and section['clean_up']['min_size'] == 50
    final = PostProcess.from_dict(section)(image, probs, labels)
    refined = PostProcess.from_dict({'crf': 'pydensecrf'})(image, probs)
    start = probs.argmax(axis=0)
    assert table['Pixels changed'][1] == (refined != start).sum() > 0
    corrected = (refined == truth) & (start != truth)
    assert table['Corrected'][1] == corrected.sum() > 0
    scores = 100 * jaccard_score(truth.ravel(), final.ravel(), average='macro')
    assert table['mIoU by image'][3] == pytest.approx(scores)
    pairs = test.dataframe[1].value
    assert pairs['Pixels'].sum() == table['Pixels changed'].sum()

    for key in ('post_back', 'post_clean'):
        test.toggle(key=key).set_value(False).run()
    test.selectbox(key='post_crf').set_value('none').run()
    assert 'No step' in ok(test).info[0].value


def test_labels_alone_are_not_post_processed() -> None:
    test = page('compare', ann_file='val.json', compared=['altered_1.csv'])
    options = ok(test).button_group(key='compare_section').options
    assert 'Scores' in options and 'Post-processing' not in options
    test.multiselect(key='compared').set_value(['altered_1.csv', 'model_0']).run()
    test.button_group(key='compare_section').set_value('Post-processing').run()
    assert 'altered_1.csv: no probabilities' in ok(test).caption[0].value
