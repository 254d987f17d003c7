"""docs/inference.md: its commands parse, its recipe and its files are there."""

import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest

from mmseg_trash.inference.options import predictor_options
from mmseg_trash.inference.recipe import read_recipe

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'docs/inference.md').read_text(encoding='utf-8')
FENCED = re.findall(r'```(\w*)\n(.*?)```', TEXT, re.DOTALL)
COMMANDS = [
    line
    for kind, block in FENCED
    for line in block.splitlines()
    if not kind and 'tools/' in line
]


def parse(line: str) -> tuple[str, Any]:
    words = shlex.split(line.replace('$C', 'config.py').replace('$W', 'weights.pth'))
    place = next(i for i, word in enumerate(words) if word.startswith('tools/'))
    parser = runpy.run_path(str(ROOT / words[place]))['parser']()
    return words[place], parser.parse_args(words[place + 1 :])


@pytest.mark.parametrize('line', COMMANDS)
def test_commands_parse(line: str) -> None:
    tool, args = parse(line)
    if tool in ('tools/predict.py', 'tools/submit.py'):
        predictor_options(args)


def test_every_tool_and_option_is_told() -> None:
    assert len(COMMANDS) > 12
    told = {parse(line)[0] for line in COMMANDS}
    names = ('predict', 'submit', 'ensemble', 'search_weights')
    assert told == {f'tools/{name}.py' for name in names}
    for option in ('--views', '--view-weights', '--window', '--dtype', '--sequential'):
        assert option in TEXT
    for file in re.findall(r'`(tools/\w+\.py)`', TEXT):
        assert (ROOT / file).is_file()
    for target in re.findall(r'\]\((\w+\.md)', TEXT):
        assert (ROOT / 'docs' / target).is_file()


def test_recipe(tmp_path: Path) -> None:
    (text,) = re.findall(r'```yaml\n(.*?)```', TEXT, re.DOTALL)
    file = tmp_path / 'recipe.yaml'
    file.write_text(text)
    recipe = read_recipe(file)
    assert len(recipe.members) == 3
    for member in recipe.members:
        assert member.config is None or (ROOT / member.config).is_file()
