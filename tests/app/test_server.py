import json
import os
from pathlib import Path

import pytest

from mmseg_trash.app.settings import (
    DATA_ROOT_VARIABLE,
    VARIABLE,
    Settings,
    read_settings,
)
from mmseg_trash.errors import ConfigError


def test_settings_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, '')
    given = Settings(str(tmp_path), ('a.csv',), ('b',), 'c', 'd.json', 'ignore', ('x',))
    given.export()
    assert read_settings() == given
    assert given.rule.category.classes == ('x',)
    assert len(Settings('.', unknown='class').rule.category.classes) == 12


def test_settings_fall_back_to_the_data_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(DATA_ROOT_VARIABLE, str(tmp_path))
    assert read_settings() == Settings(str(tmp_path))
    monkeypatch.delenv(DATA_ROOT_VARIABLE)
    with pytest.raises(ConfigError, match='no data root'):
        read_settings()


@pytest.mark.parametrize('text', ['{', '[]', '{"strange": 1}'])
def test_damaged_settings_are_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigError, match=VARIABLE):
        read_settings()


def test_missing_root_is_refused_before_anything_starts(tmp_path: Path) -> None:
    pytest.importorskip('streamlit')
    from mmseg_trash.app.server import serve

    with pytest.raises(NotADirectoryError):
        serve(Settings(str(tmp_path / 'nowhere')))


def test_server_listens_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('streamlit')
    from streamlit.web import cli

    from mmseg_trash.app import server

    started: list[list[str]] = []
    monkeypatch.setattr(cli, 'main', lambda arguments, **_: started.append(arguments))
    monkeypatch.setenv(VARIABLE, '')
    server.serve(Settings('.'))
    (arguments,) = started
    assert '--server.address=localhost' in arguments
    assert '--browser.gatherUsageStats=false' in arguments
    assert '--server.enableStaticServing=false' in arguments
    assert Path(arguments[1]).is_file()
    assert json.loads(os.environ[VARIABLE])['data_root'] == '.'


def test_scripts_and_styles_are_part_of_the_package(project: Path) -> None:
    folder = project / 'mmseg_trash' / 'app'
    assert {p.name for p in folder.glob('*.js')} == {'canvas.js', 'gallery.js'}
    assert {p.name for p in folder.glob('*.css')} == {'canvas.css', 'gallery.css'}
    assert "'mmseg_trash.app' = ['*.js', '*.css']" in (
        project / 'pyproject.toml'
    ).read_text(encoding='utf-8')
