"""docs/postprocessing.md says what there is."""

import re
from dataclasses import asdict, fields
from pathlib import Path

import yaml

from mmseg_trash.metainfo import CLASSES
from mmseg_trash.postprocess.clean_up import CleanUpParams
from mmseg_trash.postprocess.crf_params import PRESETS, CRFParams
from mmseg_trash.postprocess.order import PostProcess
from mmseg_trash.postprocess.write_back import WriteBackParams


def read(project: Path) -> str:
    return (project / 'docs/postprocessing.md').read_text(encoding='utf-8')


def test_presets(project: Path) -> None:
    rows = re.findall(
        r'^\| `([\w-]+)` \| (\d+) \| (\d+), (\d+) \| (\d+), (\d+), (\d+) \|',
        read(project),
        re.MULTILINE,
    )
    found = {name: CRFParams(*map(int, values)) for name, *values in rows}
    assert found == PRESETS
    assert found['pydensecrf'] == CRFParams()


def test_recipe(project: Path) -> None:
    [text] = re.findall(r'```yaml\n(.*?)```', read(project), re.DOTALL)
    section = yaml.safe_load(text)['postprocess']
    post = PostProcess.from_dict(section, CLASSES)
    assert post.write_back == WriteBackParams(), 'it shows the defaults'
    assert section['write_back'] == asdict(WriteBackParams())
    assert post.crf == PRESETS['seed']


def test_names(project: Path) -> None:
    text = read(project)
    for kind in (CRFParams, WriteBackParams, CleanUpParams):
        for field in fields(kind):
            assert f'`{field.name}`' in text, field.name


def test_command_lines(project: Path) -> None:
    lines = re.findall(r'^\.venv/bin/python (.*)$', joined(read(project)), re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        tool, *words = line.split()
        code = (project / tool).read_text(encoding='utf-8')
        options = [word for word in words if word.startswith('--')]
        assert options
        for option in options:
            assert f"'{option}'" in code, f'{tool}: {option}'


def joined(text: str) -> str:
    """Put lines together that a backslash continues."""
    return re.sub(r'\\\n\s*', '', text)
