"""The table of what goes where: made of what was measured, and measured again."""

import os
from pathlib import Path

import pytest

from mmseg_trash.errors import ConfigError
from mmseg_trash.export import survey
from mmseg_trash.export.capture import LEVELS
from mmseg_trash.export.write import TOLERANCE

ROOT = Path(__file__).parents[2]
ROWS = survey.read_rows(ROOT / 'docs/exports.json')
METAFILES = {p.parent.name: p for p in sorted(ROOT.glob('configs/*/metafile.yml'))}


def test_the_page_says_what_was_measured() -> None:
    assert set(ROWS) <= set(METAFILES) and len(ROWS) >= 11
    page = (ROOT / 'docs/serving.md').read_text(encoding='utf-8')
    assert survey.table(ROWS) in page
    for method, row in ROWS.items():
        stem = survey.smallest(METAFILES[method]).stem
        assert row['config'] == stem.split('_')[1], method
        for kind in survey.KINDS:
            found = row[kind]
            assert found.get('reason') or found['dynamic'] in LEVELS, method
            assert 0 <= found.get('difference', 0) <= TOLERANCE, method


def test_reasons_are_told(tmp_path: Path) -> None:
    page = tmp_path / 'page.md'
    page.write_text(f'a\n{survey.BEGIN}\nold\n{survey.END}\nb\n', encoding='utf-8')
    good, bad = dict(dynamic='batch', difference=2e-6), dict(reason='no such operator')
    survey.write_table(page, {'m': {'config': 's', '.onnx': bad, '.pt2': good}})
    text = page.read_text(encoding='utf-8')
    assert '| m | s | no: no such operator |  | batch | 2e-06 |' in text
    assert text.startswith('a\n') and text.endswith('b\n') and 'old' not in text
    page.write_text('nothing', encoding='utf-8')
    with pytest.raises(ConfigError, match='lacks'):
        survey.write_table(page, {})


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='minutes; set RUN_SLOW=1')
@pytest.mark.parametrize('method', sorted(ROWS))
def test_a_method_still_goes_there(method: str) -> None:
    found = survey.examine(ROOT / survey.smallest(METAFILES[method]))
    for kind in survey.KINDS:
        assert found[kind].get('dynamic') == ROWS[method][kind].get('dynamic')
        assert found[kind].get('difference', 0) <= TOLERANCE
