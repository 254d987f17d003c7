"""tools/convert_checkpoint.py: report, file and refusals."""

import runpy
from pathlib import Path

import pytest
import torch

from mmseg_trash.checkpoint import read_checkpoint
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
