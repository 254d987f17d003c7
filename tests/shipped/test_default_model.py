"""The model that ships: found, checked, used where none is named."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mmseg_trash
from mmseg_trash import TrashInferencer, shipped
from mmseg_trash.convert import package
from mmseg_trash.convert.package import package_file
from mmseg_trash.errors import CheckpointError, ConfigError
from mmseg_trash.inference.scoring import read_labels
from mmseg_trash.metainfo import CLASSES

ROOT = Path(__file__).parents[2]
REAL = Path(mmseg_trash.__file__).resolve().parent / 'shipped'


def tool(name: str, *words: object) -> Any:
    main = runpy.run_path(str(ROOT / 'tools' / f'{name}.py'))['main']
    return main([*map(str, words)])


def test_import_is_cheap() -> None:
    code = 'import sys, mmseg_trash.shipped; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_faults_are_named(placeholder: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'copy'
    shutil.copytree(placeholder, folder)
    found = shipped.shipped_model(shipped.NAME, folder)
    assert found.classes == CLASSES
    assert found.notice.endswith('which ships with mmseg_trash (11 classes)')
    content = found.weights.read_bytes()
    found.weights.write_bytes(content[:-1] + b'x')
    with pytest.raises(CheckpointError, match=r'lite2.safetensors: is another file or'):
        shipped.shipped_model(shipped.NAME, folder)
    found.weights.unlink()
    with pytest.raises(CheckpointError, match=r'lite2.safetensors: is missing'):
        shipped.shipped_model(shipped.NAME, folder)
    found.weights.write_bytes(content)
    for text in ('{', '[]', '{"sha256": "0"}', '{"sha256": "0", "classes": 3}'):
        (folder / f'{shipped.NAME}.json').write_text(text)
        with pytest.raises(CheckpointError, match=r'lite2.json: .*classes'):
            shipped.shipped_model(shipped.NAME, folder)


def test_inferencer_without_arguments(
    shipped_model: shipped.ShippedModel,
    toy_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    place = 'mmseg_trash.inference.inferencer.print_log'
    monkeypatch.setattr(place, lambda text, **_: said.append(text))
    photo = sorted(toy_root.rglob('*.jpg'))[0]
    expected = TrashInferencer(
        shipped_model.config, shipped_model.weights, device='cpu'
    )(photo)
    assert not said
    inferencer = TrashInferencer(device='cpu')
    assert said == [shipped_model.notice]
    assert (inferencer(photo).label == expected.label).all()
    assert inferencer.classes == CLASSES
    with pytest.raises(ConfigError, match=r'w\.pth: a checkpoint needs its config'):
        TrashInferencer(checkpoint='w.pth')
    with pytest.raises(ConfigError, match='a config needs a checkpoint'):
        TrashInferencer(shipped_model.config)


def test_predict_and_submit(
    shipped_model: shipped.ShippedModel,
    toy_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ('--device', 'cpu', '--num-workers', 0)
    json_file, out = toy_root / 'val.json', tmp_path / 'out'
    assert tool('predict', json_file, '--out', out, *options) == 0
    assert capsys.readouterr().err.startswith(shipped_model.notice + '\n')
    names = (shipped_model.config, shipped_model.weights)
    # as before, words between the options included
    words = (names[0], '--out', tmp_path / 'named', *options, names[1], json_file)
    assert tool('predict', *words) == 0
    assert shipped_model.notice not in capsys.readouterr().err
    found, named = (
        dict(read_labels(out / 'labels')),
        dict(read_labels(tmp_path / 'named/labels')),
    )
    assert len(found) == 4 and found.keys() == named.keys()
    assert all(np.array_equal(found[name], named[name]) for name in found)
    csv = tmp_path / 's.csv'
    assert tool('submit', '--data-root', toy_root, '--out', csv, *options) == 0
    assert len(csv.read_text().splitlines()) == 4


def test_score_and_export(
    shipped_model: shipped.ShippedModel, toy_root: Path, tmp_path: Path
) -> None:
    figures = tmp_path / 'figures.json'
    data = ('--data-root', toy_root, '--work-dir', tmp_path / 'work')
    tool('test', *data, '--out', figures)
    assert 0 <= json.loads(figures.read_text())['mIoU'] <= 100
    tool('export', '--out', tmp_path / 'weights.pth')
    assert TrashInferencer(
        shipped_model.config, tmp_path / 'weights.pth', 'cpu'
    ).classes


def test_serve_takes_it_too(shipped_model: shipped.ShippedModel) -> None:
    parse = runpy.run_path(str(ROOT / 'tools/serve.py'))['parse_args']
    args = parse(['--port', '0'])
    assert (args.model, args.checkpoint) == (
        str(shipped_model.config),
        str(shipped_model.weights),
    )
    assert args.name == shipped.NAME  # no path of the machine goes over the net
    args = parse(['m.onnx'])
    assert (args.model, args.checkpoint, args.name) == ('m.onnx', None, 'm.onnx')


def test_address_in_the_package(
    placeholder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / 'mmseg_trash'
    shutil.copytree(placeholder, place / 'shipped')
    monkeypatch.setattr(package, '__file__', str(place / 'convert/package.py'))
    address = f'package://mmseg_trash/mmseg_trash/shipped/{shipped.NAME}.safetensors'
    content = package.load_from_package(address)
    assert content['state_dict']['decode_head.conv_seg.weight'].dtype == torch.float32
    assert content['meta']['dataset_meta']['classes'] == list(CLASSES)
    file = package_file(address)
    file.write_bytes(file.read_bytes()[:-1] + b'x')
    with pytest.raises(CheckpointError, match='another or damaged'):
        package_file(address)


def test_the_real_one(toy_root: Path) -> None:
    if not list(REAL.glob('*.safetensors')):
        pytest.skip('no trained model in mmseg_trash/shipped yet')
    model = shipped.shipped_model(shipped.NAME, REAL)
    assert model.weights.stat().st_size <= 13e6
    assert (REAL / 'LICENSE').is_file() and (REAL / 'README.md').is_file()
    address = f'package://mmseg_trash/mmseg_trash/shipped/{model.weights.name}'
    assert package_file(address) == model.weights
    text = model.config.read_text()
    assert '_base_' not in text and 'package://' not in text
    photo = sorted(toy_root.rglob('*.jpg'))[0]
    found = TrashInferencer(model.config, model.weights, 'cpu')(photo)
    assert found.classes == model.classes
