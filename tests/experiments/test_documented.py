"""docs/experiments.md: its spec is one, its command lines parse, no key is missing."""

import re
import runpy
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from mmseg_trash.experiments.sweep_run import make_search
from mmseg_trash.experiments.sweep_space import Range, Values
from mmseg_trash.experiments.sweep_spec import Prune, Spec, read_spec


def test_the_spec(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (project / 'docs/experiments.md').read_text(encoding='utf-8')
    (example,) = re.findall(r'```yaml\n(.*?)```', text, re.DOTALL)
    file = tmp_path / 'sweep.yaml'
    file.write_text(example)
    monkeypatch.chdir(project)
    spec = read_spec(file, str(tmp_path / 'runs'))
    assert spec.method == 'optuna' and spec.prune == Prune(5, 4000)
    kinds = [type(part) for part in spec.space.values()]
    assert kinds == [Range, Values, Values, Values]
    params = {k: p.values[-1] for k, p in spec.space.items() if isinstance(p, Values)}
    cfg = spec.job(params).load()
    assert cfg.model.decode_head.loss_decode == [dict(type='IoUCELoss')]
    assert cfg.train_dataloader.sampler.type == 'RepeatFactorSampler'
    assert cfg.param_scheduler[1].end == cfg.train_cfg.max_iters == 8000
    search = make_search(spec)
    task = search.ask()
    assert task is not None and set(task.params) == set(spec.space)
    for field in fields(Spec):
        assert (
            field.name == 'file'
            or f'`{field.name}`' in text
            or (re.search(rf'^{field.name}:', example, re.MULTILINE))
        ), field.name


def test_the_command_lines(project: Path) -> None:
    text = (project / 'docs/experiments.md').read_text(encoding='utf-8')
    lines = [line for line in text.splitlines() if line.startswith('.venv/bin/python')]
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(line)[1:]
        parse = runpy.run_path(str(project / words[0])).get('parse_args')
        assert parse is not None
        parse(words[1:])
        configs = [word for word in words if word.startswith('configs/')]
        assert all((project / config).is_file() for config in configs)
