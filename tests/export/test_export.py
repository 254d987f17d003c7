"""Weights, ONNX and programs of a small network, held against the network itself."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import ExponentialMovingAverage
from PIL import Image

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError, ConfigError, DataError
from mmseg_trash.export.card import Card, digest
from mmseg_trash.export.graph import ProbabilityGraph
from mmseg_trash.export.parity import model_probs, probe_images
from mmseg_trash.export.runtime import ExportedModel
from mmseg_trash.export.write import Exporter
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.segmenter import open_segmenter
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.trained import KEY, TrainedImages, trained_images

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
SMALL = {
    'model.backbone.embed_dims': 8,
    'model.backbone.num_layers': [1, 1, 1, 1],
    'model.backbone.num_heads': [1, 1, 1, 1],
    'model.decode_head.in_channels': [8, 8, 8, 8],
    'model.decode_head.channels': 16,
}


def small_config(**options: Any) -> Config:
    return load_config(CONFIG, {**SMALL, **options}, from_scratch=True)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what a training with averaged weights leaves behind."""
    torch.manual_seed(0)
    model: Any = build_model(small_config())
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=2)
    average = ExponentialMovingAverage(model, momentum=0.5)
    average.update_parameters(model)  # the first time copies
    with torch.no_grad():
        model.decode_head.conv_seg.weight.mul_(3)
    average.update_parameters(model)
    path = tmp_path_factory.mktemp('weights') / 'last.pth'
    content = dict(state_dict=model.state_dict(), ema_state_dict=average.state_dict())
    torch.save(content, path)
    return path


def test_weights_remember_their_training_images(
    checkpoint: Path, tmp_path: Path
) -> None:
    seen = TrainedImages(frozenset({'a/1.jpg'}), frozenset({'b/ü 2.jpg'}), 1)
    content = {**read_checkpoint(checkpoint), 'meta': {KEY: seen.to_meta()}}
    torch.save(content, tmp_path / 'trained.pth')
    exporter = Exporter(small_config(), tmp_path / 'trained.pth')
    for name in ('w.safetensors', 'w.pth'):
        exporter.weights(tmp_path / name)
        assert trained_images(read_checkpoint(tmp_path / name), name) == seen


def test_weights_go_round(checkpoint: Path, tmp_path: Path) -> None:
    trained = read_checkpoint(checkpoint)['state_dict']
    for average in (None, 'ema'):
        exporter = Exporter(small_config(), checkpoint, average)
        for suffix in ('.safetensors', '.pth'):
            exporter.weights(tmp_path / f'w{suffix}')
            content = read_checkpoint(tmp_path / f'w{suffix}')
            assert set(content['state_dict']) == set(trained)
            key = 'decode_head.conv_seg.weight'
            same = torch.equal(content['state_dict'][key], trained[key])
            assert same is (average is None)
            assert tuple(content['meta']['dataset_meta']['classes']) == CLASSES
            assert content['meta']['checkpoint'] == digest(checkpoint)
            Exporter(small_config(), tmp_path / f'w{suffix}')  # loads every tensor
    with pytest.raises(CheckpointError, match='has no swa_state_dict'):
        Exporter(small_config(), checkpoint, 'swa')
    (tmp_path / 'cut.safetensors').write_bytes(b'\x10' * 20)
    with pytest.raises(CheckpointError, match=r'cut\.safetensors'):
        read_checkpoint(tmp_path / 'cut.safetensors')


@pytest.mark.parametrize('channels', [True, False])
def test_the_graph_is_the_model(channels: bool, checkpoint: Path) -> None:
    options = {'data_preprocessor.bgr_to_rgb': channels}
    model = Exporter(small_config(**options), checkpoint).model
    graph = ProbabilityGraph(model)
    images = probe_images((2, 64, 96))
    expected = model_probs(model, images, gives_probs=False)
    with torch.no_grad():
        found = graph(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert expected.std(axis=(2, 3)).max() > 0.05
    # What would be wrong is seen.
    model.data_preprocessor._channel_conversion = not channels
    assert np.abs(model_probs(model, images, False) - expected).max() > 1e-2


def export(checkpoint: Path, folder: Path, *arguments: str) -> dict[str, Path]:
    """Run the tool for the small network."""
    pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    main = runpy.run_path(str(ROOT / 'tools/export.py'))['main']
    files = {suffix: folder / f'm{suffix}' for suffix in ('.onnx', '.pt2')}
    options = [f'{key}={value}'.replace(' ', '') for key, value in SMALL.items()]
    given = [str(CONFIG), str(checkpoint), *arguments, '--out']
    main([*given, *map(str, files.values()), '--cfg-options', *options])
    assert sorted(p.name for p in folder.iterdir()) == ['m.onnx', 'm.pt2']
    return files


@pytest.fixture(scope='module')
def exported(
    checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    return export(checkpoint, tmp_path_factory.mktemp('exported'), '--dynamic', 'none')


def compare(file: Path, checkpoint: Path, sizes: list[tuple[int, int]]) -> Card:
    """Hold a file's predictions of photographs against those of the config."""
    model = ExportedModel(file, 'cpu', threads=1)
    assert model.card.checkpoint == digest(checkpoint)
    assert (model.classes, model.card.scale) == (CLASSES, [512, 128])
    own = open_segmenter(CONFIG, checkpoint, 'cpu', cfg_options=SMALL)
    for height, width in sizes:
        image = probe_images((1, height, width))[0].transpose(1, 2, 0).copy()
        label, expected = own.predict(image)
        found = model.probs(image)
        assert expected is not None and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert (found.argmax(0) == label).mean() > 0.999
        assert expected.std(axis=(1, 2)).max() > 0.05
    return model.card


@pytest.mark.parametrize('suffix', ['.onnx', '.pt2'])
def test_files_predict_as_the_config_does(
    suffix: str, exported: dict[str, Path], checkpoint: Path
) -> None:
    card = compare(exported[suffix], checkpoint, [(128, 128), (200, 200), (50, 50)])
    assert (card.dynamic, card.height, card.width) == ('none', 128, 128)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='RUN_SLOW is not set')
def test_files_of_any_size(checkpoint: Path, tmp_path: Path) -> None:
    files = export(checkpoint, tmp_path, '--size', '64', '64')
    for file in files.values():
        # The shorter side becomes 128, the longer one a multiple of 32.
        card = compare(file, checkpoint, [(200, 200), (60, 120), (96, 72 * 2)])
        assert card.dynamic == 'size'


def test_onnx_alone_is_enough(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines of docs/serving.md, and what they find in the file."""
    page = (ROOT / 'docs/serving.md').read_text(encoding='utf-8')
    lines = page.split('```python')[1].split('```')[0]
    assert 'mmseg_trash.' not in lines and 'onnxruntime' in lines
    image = probe_images((1, 128, 128))[0].transpose(1, 2, 0)
    Image.fromarray(image).save(tmp_path / 'photo.jpg', quality=100, subsampling=0)
    (tmp_path / 'model.onnx').symlink_to(exported['.onnx'])
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(lines, found)
    card, probs = found['card'], found['probs']
    assert card['classes'] == list(CLASSES) and card['palette'][1] == [192, 0, 128]
    assert probs.shape == (1, len(CLASSES), 128, 128)
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-5)
    photo = np.asarray(Image.open('photo.jpg'))
    expected = ExportedModel('model.onnx', 'cpu').probs(photo)
    assert (found['label'] == expected.argmax(0)).mean() > 0.99
    code = 'import sys, mmseg_trash.export.runtime; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_the_target_is_checked_before_anything_is_opened(tmp_path: Path) -> None:
    main = runpy.run_path(str(ROOT / 'tools/export.py'))['main']
    (tmp_path / 'x.onnx').mkdir()
    with pytest.raises(DataError, match=r'x\.onnx: cannot be written: is a folder'):
        main(['none.py', 'none.pth', '--out', str(tmp_path / 'x.onnx')])


def test_a_wrong_file_never_appears(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = Exporter(small_config(), checkpoint)
    told: list[str] = []
    with pytest.raises(CheckpointError, match='differ by'):
        exporter.graph(
            tmp_path / 'm.pt2', (64, 64), 'none', tolerance=-1, report=told.append
        )
    assert list(tmp_path.iterdir()) == [] and len(told) == 1
    with pytest.raises(ConfigError, match='multiples of 32'):
        exporter.graph(tmp_path / 'm.pt2', (64, 70), 'none')


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'no\.onnx'):
        ExportedModel(tmp_path / 'no.onnx')
    (tmp_path / 'm.bin').touch()
    with pytest.raises(CheckpointError, match='expected one of'):
        ExportedModel(tmp_path / 'm.bin')
    (tmp_path / 'm.pt2').write_bytes(b'junk')
    with pytest.raises(CheckpointError, match='no readable program'):
        ExportedModel(tmp_path / 'm.pt2')
    with pytest.raises(CheckpointError, match='not written by'):
        Card.loads(None, 'x.onnx')
    with pytest.raises(CheckpointError, match='damaged'):
        Card.loads('{"classes": 1}', 'x.onnx')


def test_sides_are_stretched_as_the_config_says(
    checkpoint: Path, tmp_path: Path
) -> None:
    pytest.importorskip('onnxruntime')
    cfg = small_config()
    steps = cfg.predict_dataset.pipeline
    steps.insert(2, dict(type='ResizeToMultiple', size_divisor=32))
    done = Exporter(cfg, checkpoint).graph(tmp_path / 'm.onnx', dynamic='size')
    model = ExportedModel(done.path, 'cpu', threads=1)
    assert (model.card.scale, model.card.divisor) == ([512, 128], 32)
    image = probe_images((1, 210, 333))[0].transpose(1, 2, 0)
    predictor = Predictor(cfg, checkpoint, 'cpu', num_workers=0)
    ((_, expected),) = predictor.probs_of_arrays([('', image[..., ::-1].copy())])
    np.testing.assert_allclose(model.probs(image.copy()), expected, atol=1e-3)
    steps.append(dict(type='Resize', scale=(64, 64)))
    with pytest.raises(ConfigError, match='Resize cannot go into an exported file'):
        Exporter(cfg, checkpoint).graph(tmp_path / 'm.onnx', dynamic='size')


def test_networks_that_pad_by_the_size_have_one() -> None:
    pytest.importorskip('timm')
    name = 'smpfpn_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'
    cfg = load_config(ROOT / 'configs/smpfpn' / name, from_scratch=True)
    with pytest.raises(ConfigError, match='--dynamic size: .* pads by the size'):
        Exporter(cfg, None).graph('m.onnx', dynamic='size')
