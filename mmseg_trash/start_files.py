"""The checkpoints that a training reads at its start, checked before mmengine does.

mmengine falls back to unpickling whatever a file holds; a file that would need that is
refused here.
"""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from .checkpoint import read_checkpoint
from .config_file import walk

_KEYS = ('checkpoint', 'pretrained')


def start_files(cfg: Config) -> Iterator[Path]:
    """Yield the local files that building and resuming a config's model reads.

    Those are ``load_from``, the newest checkpoint of the work_dir when the run goes on
    from there, and each ``checkpoint`` or ``pretrained`` of the model, as ``init_cfg``
    has it. Addresses (``https://``, ``package://``, ...) are not local.
    """
    named = [cfg.get('load_from')]
    if cfg.get('resume') and not named[0]:
        from mmengine.runner import find_latest_checkpoint

        named = [find_latest_checkpoint(cfg.work_dir)]
    for node in walk(cfg.get('model')):
        named += [node.get(key) for key in _KEYS]
    for name in named:
        if isinstance(name, str) and name and '://' not in name:
            path = Path(name).expanduser()
            if path.is_file() or name == cfg.get('load_from'):
                yield path


def check_start_files(cfg: Config) -> None:
    """Read each of them without running code that it may hold.

    Raises:
        FileNotFoundError, CheckpointError: See
            :func:`mmseg_trash.checkpoint.read_checkpoint`.
    """
    for path in {str(path): path for path in start_files(cfg)}.values():
        read_checkpoint(path)
