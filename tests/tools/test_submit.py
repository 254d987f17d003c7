import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import CheckpointError, DataError
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.submission import (
    decode_label_map,
    read_image_ids,
    validate_submission,
)

CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture(scope='module')
def weights(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = build_model(load_config(project / CONFIG))
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    path = tmp_path_factory.mktemp('weights') / 'b0.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return path


def submit(project: Path, *arguments: Path | str) -> int:
    main = runpy.run_path(str(project / 'tools' / 'submit.py'))['main']
    options = ('--device', 'cpu', '--num-workers', '0')
    return main([str(project / CONFIG), *map(str, arguments), *options])


def test_csv_holds_the_predictions(
    project: Path, toy_root: Path, weights: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / 'new' / 's.csv'
    data = ('--data-root', toy_root)
    assert submit(project, weights, *data, '--out', out, '--batch-size', 2) == 0
    printed = capsys.readouterr()
    assert f'{out}: 3 rows' in printed.out
    assert 'predicting: 3/3' in printed.err
    assert validate_submission(out, toy_root / 'test.json') == []
    rows = dict(line.split(',') for line in out.read_text().splitlines()[1:])
    assert list(rows) == read_image_ids(toy_root / 'test.json')
    cfg = load_config(project / CONFIG, data_root=toy_root)
    for name, label in Predictor(cfg, weights, 'cpu', num_workers=0).labels():
        side = np.arange(256) * label.shape[0] // 256
        expected = label[side][:, side]
        # Another batch size may turn a tie.
        assert (decode_label_map(rows[name]) == expected).mean() > 0.999
        assert len(np.unique(expected)) > 1


def test_other_images_with_views(
    project: Path, toy_root: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / 's.csv'
    arguments = ('--data-root', toy_root, '--ann-file', 'val.json', '--tta')
    scale = 'tta_pipeline.1.transforms.0.{}.scale=(256,64)'
    scales = [scale.format(view) for view in range(3)]
    options = ('--out', out, '--cfg-options', *scales)
    # `--cfg-options` takes all that follows, hence the order.
    assert submit(project, weights, *arguments, *options) == 0
    assert validate_submission(out, toy_root / 'val.json') == []


def test_bad_checkpoints_leave_nothing(
    project: Path, toy_root: Path, weights: Path, tmp_path: Path
) -> None:
    target = ('--data-root', toy_root, '--out', tmp_path / 'out' / 's.csv')
    with pytest.raises(FileNotFoundError, match=r'none\.pth: no such checkpoint'):
        submit(project, tmp_path / 'none.pth', *target)
    (tmp_path / 'junk.pth').write_text('junk')
    with pytest.raises(CheckpointError, match=r'junk\.pth'):
        submit(project, tmp_path / 'junk.pth', *target)
    state = torch.load(weights)['state_dict']
    for kind in ('weight', 'bias'):
        key = f'decode_head.conv_seg.{kind}'
        state[key] = state[key].repeat_interleave(2, 0)[:12]
    torch.save(dict(state_dict=state), tmp_path / 'twelve.pth')
    with pytest.raises(CheckpointError, match='12 classes'):
        submit(project, tmp_path / 'twelve.pth', *target)
    assert list((tmp_path / 'out').iterdir()) == []


def test_bad_targets_and_data_are_named_first(
    project: Path, toy_root: Path, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / 'file').touch()
    data = ('--data-root', toy_root)
    with pytest.raises(DataError, match=r's\.csv: cannot be written'):
        submit(project, weights, *data, '--out', tmp_path / 'file' / 's.csv')
    with pytest.raises(DataError, match='is a folder'):
        submit(project, weights, *data, '--out', tmp_path)
    out = tmp_path / 's.csv'
    with pytest.raises(FileNotFoundError, match=r'test\.json'):
        submit(project, weights, '--data-root', tmp_path, '--out', out)
    assert not out.exists()


def test_steps_behind_and_views(
    project: Path, toy_root: Path, weights: Path, tmp_path: Path
) -> None:
    section = tmp_path / 'post.yaml'
    section.write_text('postprocess: {clean_up: {min_size: 200}}')
    rows = []
    for more in ((), ('--postprocess', section)):
        out = tmp_path / f'{len(more)}.csv'
        views = ('--views', 'flips', '--window', '96')
        assert submit(
            project, weights, '--data-root', toy_root, '--out', out, *views, *more
        ) == 0  # fmt: skip
        rows.append(out.read_text().splitlines()[1:])
    assert len(rows[0]) == len(rows[1]) == 3 and rows[0] != rows[1]
