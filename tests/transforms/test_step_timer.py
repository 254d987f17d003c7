import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mmseg_trash.transforms.step_timer import time_steps


def spin(results: dict) -> dict:
    """Use 4 ms of CPU time; sleeping is not counted."""
    time.sleep(0.01)
    start = time.process_time()
    while time.process_time() - start < 0.004:
        pass
    return results


def test_steps_are_timed_from_the_same_random_state() -> None:
    drawn: dict[str, list] = dict(one=[], two=[])

    def note(name: str) -> list:
        def step(results: dict) -> dict:
            drawn[name].append((results['k'], np.random.randint(1000)))
            return results

        return [step, spin] if name == 'two' else [step]

    pipelines = {name: note(name) for name in drawn}
    samples = dict.fromkeys(drawn, lambda k: dict(k=k))
    times = time_steps(pipelines, samples, number=3, repeats=2)
    assert drawn['one'] == drawn['two']
    assert drawn['one'][:3] == drawn['one'][3:]
    assert [values.shape for values in times.values()] == [(1,), (2,)]
    assert 3.9 < times['two'][1] < 8
    assert times['two'][0] < 1


def test_numbers_are_checked() -> None:
    with pytest.raises(ValueError, match='positive: 0, 3'):
        time_steps({}, {}, 0)


@pytest.mark.parametrize('tool, rows', [
    ('pipeline', ['images/s per core', 'ratio', 'FastPhotoMetricDistortion']),
    ('mixing', ['Mosaic', 'AugMix', 'RareClassCrop', 'share of the pipeline']),
])  # fmt: skip
def test_benchmarks_run(
    tool: str, rows: list[str], toy_root: Path, project: Path
) -> None:
    command = [sys.executable, project / f'tools/benchmarks/{tool}.py']
    done = subprocess.run(
        [*command, '--data-root', toy_root, '--number', '3'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for row in rows:
        assert row in done.stdout
