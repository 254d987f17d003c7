"""What a result depends on: config, code and data, as one hash."""

import hashlib
import json
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..config_file import walk

PACKAGE = Path(__file__).resolve().parents[1]
PLACES = ('data_root', 'work_dir', 'image_cache', 'cache_dir')
"""Keys that say where something lies, not what it is."""
RUN_KEYS = frozenset(
    {
        'custom_hooks',
        'data_preprocessor',
        'default_hooks',
        'load_from',
        'model',
        'optim_wrapper',
        'param_scheduler',
        'randomness',
        'sync_bn',
        'test_cfg',
        'test_dataloader',
        'train_cfg',
        'train_dataloader',
        'val_cfg',
        'val_dataloader',
        'val_evaluator',
    }
)
"""Keys of a config that the Runner reads; all others only help to write these."""


def run_config(cfg: Config) -> dict[str, Any]:
    """Return the part of a config that decides what a run computes."""
    return {k: v for k, v in cfg.to_dict().items() if k in RUN_KEYS}


def code_hash(folder: Path = PACKAGE) -> str:
    """Hash the package's Python files, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob('*.py')):
        digest.update(path.relative_to(folder).as_posix().encode() + b'\0')
        digest.update(path.read_bytes() + b'\0')
    return digest.hexdigest()


def data_hash(cfg: Config) -> str:
    """Hash the JSON files and lists that a config's loaders and hooks read.

    Photographs are known by the size of their files.
    """
    digest = hashlib.sha256()
    files: set[Path] = set()
    roots: set[Path] = set()
    for key in ('train_dataloader', 'val_dataloader', 'custom_hooks'):
        for node in walk(cfg.get(key) or {}):
            root = Path(node.get('data_root') or '.')
            if 'ann_file' in node:
                if node.get('data_root'):
                    roots.add(root)
                files |= {root / node[k] for k in ('ann_file', 'subset') if node.get(k)}
            pseudo = node.get('pseudo') or ()
            named = [pseudo] if isinstance(pseudo, str) else pseudo
            files |= {Path(entry) for entry in named if isinstance(entry, str)}
    for path in sorted(files):
        digest.update(path.name.encode() + b'\0')
        digest.update(path.read_bytes() if path.is_file() else b'absent')
    for root in sorted(roots):
        for path in sorted(root.rglob('*.jp*g')):
            relative = path.relative_to(root).as_posix()
            digest.update(f'{relative} {path.stat().st_size}\n'.encode())
    return digest.hexdigest()


def fingerprint(cfg: Config) -> str:
    """Hash all that a result depends on, but for the libraries and the machine."""
    content = json.dumps(_portable(run_config(cfg)), sort_keys=True, default=str)
    parts = (content, code_hash(), data_hash(cfg))
    return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def _portable(node: Any) -> Any:
    """Leave out where things lie."""
    if isinstance(node, dict):
        return {k: _portable(v) for k, v in node.items() if k not in PLACES}
    if isinstance(node, (list, tuple)):
        return [_portable(v) for v in node]
    return node
