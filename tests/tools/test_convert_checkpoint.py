"""tools/convert_checkpoint.py: report, file and refusals."""

import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError

transformers = pytest.importorskip('transformers')


def convert(project: Path, *arguments: Path | str, size: str | None = None) -> None:
    main = runpy.run_path(str(project / 'tools' / 'convert_checkpoint.py'))['main']
    name = f'configs/segformer/segformer_mit-{size}_1xb8-20k_trash-512x512.py'
    config = ('--config', str(project / name)) if size else ()
    main([*map(str, arguments), *config])


@pytest.fixture(scope='module')
def segformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a whole SegFormer-b0 of Hugging Face with random weights."""
    config = transformers.SegformerConfig(num_labels=150)
    model = transformers.SegformerForSemanticSegmentation(config)
    file = tmp_path_factory.mktemp('source') / 'model.pth'
    torch.save(model.state_dict(), file)
    return file


def test_converts_and_reports(
    segformer: Path,
    tmp_path: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    out = tmp_path / 'new' / 'mit-b0.pth'
    convert(project, segformer, out, '--family', 'mit', size='b0')
    assert 'decode_head.classifier.weight' in caplog.text
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    # all tensors of mmseg's MiT-b0
    assert ['backbone.layers', '160', '0', '0'] in lines
    assert ['decode_head.conv_seg', '0', '0', '2'] in lines
    state = read_checkpoint(out)['state_dict']
    source = torch.load(segformer)
    key = 'encoder.patch_embeddings.0.proj.weight'
    assert torch.equal(
        state['backbone.layers.0.0.projection.weight'], source[f'segformer.{key}']
    )
    assert len(state) == 160
    assert all(key.startswith('backbone.layers.') for key in state)


def test_wrong_architecture_fails(
    segformer: Path, tmp_path: Path, project: Path
) -> None:
    out = tmp_path / 'x.pth'
    shapes = r'\(32, 3, 7, 7\) in the file, \(64, 3, 7, 7\) in the model'
    with pytest.raises(CheckpointError, match=shapes) as error:
        convert(project, segformer, out, '--family', 'mit', size='b1')
    start = f'{segformer}: does not fit the config: backbone.layers.0.0.projection'
    assert str(error.value).startswith(start)
    with pytest.raises(CheckpointError, match='is no Swin checkpoint'):
        convert(project, segformer, out, '--family', 'swin')
    assert not out.exists()


@pytest.mark.parametrize('config', [
    'segformer/segformer_mit-b0', 'ocrnet/ocrnet_hrnet-w18', 'segnext/segnext_mscan-t',
])  # fmt: skip
def test_whole_segmentors_of_mmseg(
    config: str, tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ADE20K's 150 classes as mmseg saves them: only the classifiers start anew."""
    path = project / f'configs/{config}_1xb8-20k_trash-512x512.py'
    cfg = load_config(path, from_scratch=True)
    stock = load_config(path, from_scratch=True)
    heads = stock.model.decode_head
    for part in [stock.model.backbone, *(heads if 'hrnet' in config else [heads])]:
        part.type = part.type.removeprefix('SDPA').removeprefix('Steady')
        if 'num_classes' in part:
            part.num_classes = 150
    theirs = build_model(stock)
    source, out = tmp_path / 'ade.pth', tmp_path / 'out.pth'
    torch.save(dict(meta={}, state_dict=theirs.state_dict()), source)
    main = runpy.run_path(str(project / 'tools' / 'convert_checkpoint.py'))['main']
    main([str(source), str(out), '--family', 'mmseg', '--config', str(path)])
    state = read_checkpoint(out)['state_dict']
    ours = build_model(cfg)
    found = ours.load_state_dict(state, strict=False)
    assert not found.unexpected_keys
    new = 4 if 'hrnet' in config else 2
    assert len(found.missing_keys) == new
    assert all('.conv_seg.' in key for key in found.missing_keys)
    assert f'{new} tensors of the model start anew' in capsys.readouterr().out
    for key, value in theirs.state_dict().items():
        assert '.conv_seg.' in key or torch.equal(state[key], value)
