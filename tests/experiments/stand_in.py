"""Runs a tool whose trainings are made up: stand_in.py CALLS STOP TOOL ARGUMENTS."""

import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_trash.experiments import fingerprint, job
from mmseg_trash.metrics.records import Records, write_records


def stand_in(calls: Path, stop: int) -> Any:
    """Return what takes the place of the process that trains.

    Args:
        calls: Gets a line with the folder of each call.
        stop: The number of the call that never ends; 0 for none.
    """

    def call(command: list[str], log: Any, variables: dict[str, str]) -> int:
        content = json.loads(Path(command[-1]).read_text())
        folder = Path(command[-1]).parent
        with calls.open('a') as file:
            file.write(folder.name + '\n')
        if len(calls.read_text().split()) == stop:
            time.sleep(600)
        fold = content['job']['fold']
        matrix = np.eye(11, dtype=np.int64).reshape(1, 1, 11, 11)
        records = Records([f'{fold}.jpg'], matrix, [0], [0])
        write_records(records, folder / job.RECORDS)
        found = dict(fingerprint=content['fingerprint'], metrics={}, seconds=1.0)
        (folder / job.RESULT).write_text(json.dumps(found))
        return 0

    return call


def code_hash() -> str:
    """Stand in for the hash of the package, which may be edited meanwhile."""
    return 'code'


if __name__ == '__main__':
    job._call = stand_in(Path(sys.argv[1]), int(sys.argv[2]))
    fingerprint.code_hash = code_hash
    sys.argv = sys.argv[3:]
    runpy.run_path(sys.argv[0], run_name='__main__')
