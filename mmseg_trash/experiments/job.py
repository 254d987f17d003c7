"""One training with its evaluation, done once and known by its hash."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from mmengine.config import Config

from ..config import load_config
from ..errors import ConfigError, DataError
from ..fileio import atomic_write
from ..metrics.records import Records, read_records
from .fingerprint import fingerprint

JOB, RESULT, RECORDS, LOG = 'job.json', 'result.json', 'records.npz', 'output.txt'
LABELS = 'labels'
PRUNED = 'pruned.json'
PARENT = 'TRASH_PARENT'
TAIL = 15
_READING = threading.Lock()  # reading a config changes the environment for a moment
_RUNNING: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Job:
    """A training and the evaluation of its checkpoint.

    Attributes:
        config: File of the config.
        work_dir: Folder of everything that it writes.
        seed: Of all random numbers.
        fold: Fold to train on; None is the split of the config.
        data_root: Folder of the data; None is the config's.
        options: Dotted keys and values that are merged into the config.
        from_scratch: Leave out pretrained weights.
        amp: Mixed precision.
        checkpoint: ``last`` or ``best``: which checkpoint is evaluated. The best one is
            chosen by the images that score it, which flatters.
        save_labels: Keep the predicted label maps of the validation images.
    """

    config: str
    work_dir: str
    seed: int = 42
    fold: int | None = None
    data_root: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    from_scratch: bool = False
    amp: bool = False
    checkpoint: str = 'last'
    save_labels: bool = False

    def load(self) -> Config:
        """Load the job's config, ready for the Runner but for the launcher."""
        from ..launch import use_amp

        with _READING:
            cfg = load_config(
                self.config, self.options, self.data_root, self.fold, self.from_scratch
            )
        cfg.work_dir = self.work_dir
        cfg.randomness = {**cfg.get('randomness', {}), 'seed': self.seed}
        if self.amp:
            use_amp(cfg)
        return cfg

    def fingerprint(self) -> str:
        """Hash config, code, data, and which checkpoint is evaluated how."""
        return f'{fingerprint(self.load())}-{self.checkpoint}-{self.save_labels}'


@dataclass(frozen=True)
class Result:
    """What a job found.

    Attributes:
        job: The job.
        metrics: Of the evaluation, percent.
        seconds: Time per training iteration times their number.
        fingerprint: Hash of what it depends on.
        records: Confusion matrices of the validation images.
    """

    job: Job
    metrics: dict[str, float]
    seconds: float
    fingerprint: str
    records: Records


def read_result(job: Job, mark: str | None = None) -> Result | None:
    """Return a job's finished result; None if there is none for this very job.

    Args:
        job: The job.
        mark: Its fingerprint, if it is known already.

    Raises:
        DataError: The result is damaged.
    """
    folder = Path(job.work_dir)
    file = folder / RESULT
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
        found = content['fingerprint'], content['metrics'], content['seconds']
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f'{file}: is no result of a run: {error}') from error
    own, metrics, seconds = found
    if own != (mark or job.fingerprint()):
        return None
    seconds = float('nan') if seconds is None else seconds
    metrics = {k: float('nan') if v is None else v for k, v in metrics.items()}
    return Result(job, metrics, seconds, own, read_records(folder / RECORDS))


def run_job(job: Job, environment: Mapping[str, str] | None = None) -> Result:
    """Do a job in a process of its own, or return what it found before.

    A run that was cut off goes on from its last checkpoint. A folder that holds
    something else (another config, other code or data) is kept under another name.

    Args:
        job: What to do.
        environment: Variables for the process besides the present ones.

    Raises:
        ConfigError: Another process is doing it, or it fails; the end of its output is
            shown.
    """
    folder = Path(job.work_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with lock_file(folder.with_name(f'.{folder.name}.lock')):
        mark = job.fingerprint()
        known = read_result(job, mark)
        if known is not None:
            return known
        _make_room(folder, mark)
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(dict(fingerprint=mark, job=asdict(job)), indent=2)
        with atomic_write(folder / JOB) as temporary:
            temporary.write_text(content + '\n', encoding='utf-8')
        command = [sys.executable, '-m', f'{__package__}.worker', str(folder / JOB)]
        variables = {**os.environ, PARENT: str(os.getpid()), **(environment or {})}
        with (folder / LOG).open('ab') as log:
            status = _call(command, log, variables)
        result = None if status else read_result(job, mark)
        if result is None:
            text = (folder / LOG).read_text(encoding='utf-8', errors='replace')
            tail = '\n'.join(text.splitlines()[-TAIL:])
            raise ConfigError(f'{folder}: the run ended with status {status}:\n{tail}')
        return result


def stop_runs() -> None:
    """Kill the processes of this one's jobs; each goes on from its last checkpoint."""
    for process in list(_RUNNING):
        process.kill()


def _call(command: list[str], log: IO[bytes], variables: dict[str, str]) -> int:
    """Run a process that :func:`stop_runs` can end; return its status."""
    with subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, env=variables
    ) as process:
        _RUNNING.add(process)
        try:
            return process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            _RUNNING.discard(process)


@contextmanager
def lock_file(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold a lock that ends with the process.

    Args:
        path: Its file, in a folder that exists.
        wait: Wait for another process that holds it.

    Raises:
        ConfigError: Another process holds it, and this one does not wait.
    """
    with path.open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise ConfigError(f'{path}: another process is at this run') from error
        yield


def _make_room(folder: Path, mark: str) -> None:
    """Rename a folder that another job has begun."""
    file = folder / JOB
    if not any(folder.iterdir()):
        return
    try:
        begun = json.loads(file.read_text(encoding='utf-8'))['fingerprint']
    except (OSError, ValueError, KeyError, TypeError):
        begun = None
    if begun == mark:
        return
    number = 1
    while (other := folder.with_name(f'{folder.name}.old{number}')).exists():
        number += 1
    folder.rename(other)
