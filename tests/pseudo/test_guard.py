"""What a checkpoint tells of its training images, and who refuses by it."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmseg_trash.checkpoint import read_checkpoint
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import CheckpointError, DataError
from mmseg_trash.evaluate import evaluate
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.trained import (
    KEY,
    TrainedImages,
    images_of,
    trained_by_any,
    trained_images,
)
from mmseg_trash.pseudo.writer import PseudoWriter

from ..hooks.runs import configure, start

ROOT = Path(__file__).parents[2]


def label(root: Path, ann_file: str, path: Path, number: int = 1) -> list[str]:
    """Write true labels as pseudo labels; return the names."""
    dataset = TrashDataset(ann_file, data_root=str(root))
    writer = PseudoWriter(dataset.metainfo['classes'])
    for place in range(len(dataset)):
        name = dataset.get_data_info(place)['file_name']
        writer.add(name, dataset.label_map_of(place))
    writer.write(path, dict(round=number))
    return [image['file_name'] for image in writer.images]


def with_pseudo(
    project: Path, root: Path, work_dir: Path, ann_file: str, number: int = 1
) -> tuple[Any, list[str]]:
    """Return a run of one iteration on pseudo labels beside true ones."""
    path = work_dir / 'pseudo.json'
    names = label(root, ann_file, path, number)
    cfg = configure(project, root, work_dir, 1)
    cfg.train_dataloader.dataset.update(
        type='PseudoLabelledDataset', pseudo=[dict(ann_file=str(path))]
    )
    cfg.train_cfg.val_interval = 9
    return cfg, names


def test_training_that_validates_on_pseudo_labels(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    cfg, names = with_pseudo(project, toy_root, tmp_path, 'val.json', number=2)
    with pytest.raises(DataError, match='this training: was trained .* on 4 of the 4'):
        start(cfg).train()
    cfg.default_hooks.trained_images.allow_pseudo = True
    start(cfg).train()

    # so does the evaluation of its checkpoint
    path = tmp_path / 'iter_1.pth'
    seen = trained_images(read_checkpoint(path), 'x')
    assert seen is not None
    assert seen.pseudo == set(names)
    assert len(seen.labelled) == 8
    assert seen.round == 2
    cfg = configure(project, toy_root, tmp_path / 'test', 1)
    with pytest.raises(DataError, match=r'iter_1\.pth: was trained .*--allow-pseudo'):
        evaluate(cfg, path)
    cfg.default_hooks.trained_images.allow_pseudo = True
    assert evaluate(cfg, path)['mIoU'] >= 0


def test_other_images_are_scored_and_heirs_remember(
    project: Path, toy_root: Path, tmp_path: Path
) -> None:
    """Half of the images get pseudo labels, the rest is scored; a heir is refused."""
    content = json.loads((toy_root / 'val.json').read_text())
    half = content['images'][:2]
    known = {image['id'] for image in half}
    content['annotations'] = [
        a for a in content['annotations'] if a['image_id'] in known
    ]
    (tmp_path / 'half.json').write_text(json.dumps({**content, 'images': half}))
    names = label(toy_root, str(tmp_path / 'half.json'), tmp_path / 'pseudo.json')
    path = tmp_path / 'model.pth'
    cfg = configure(project, toy_root, tmp_path / 'heir', 1)
    model = start(cfg).model
    meta = {KEY: TrainedImages(pseudo=frozenset(names), round=1).to_meta()}
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    rest = tmp_path / 'rest.txt'
    rest.write_text('\n'.join(i['file_name'] for i in _images(toy_root)[2:]))
    cfg = configure(project, toy_root, tmp_path / 'test', 1)
    cfg.test_dataloader.dataset.subset = str(rest)
    assert evaluate(cfg, path)['mIoU'] >= 0
    with pytest.raises(DataError, match='on 2 of the 4 images'):
        evaluate(configure(project, toy_root, tmp_path / 'test', 1), path)
    cfg = configure(project, toy_root, tmp_path / 'heir', 1)
    cfg.load_from = str(path)
    with pytest.raises(DataError, match='this training'):
        start(cfg).train()


def _images(root: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((root / 'val.json').read_text())['images']
    return found


def test_predictions_in_a_store(toy_root: Path, tmp_path: Path) -> None:
    main = runpy.run_path(str(ROOT / 'tools/score.py'))['main']
    dataset = TrashDataset('val.json', data_root=str(toy_root))
    name = dataset.get_data_info(1)['file_name']
    store = ProbStore(tmp_path, CLASSES, source=dict(pseudo=[name]))
    for place in range(len(dataset)):
        label = dataset.label_map_of(place)
        probs = (label == np.arange(11)[:, None, None]).astype(np.float32)
        store.write(dataset.get_data_info(place)['file_name'], probs)
    arguments = [str(tmp_path), str(toy_root / 'val.json')]
    with pytest.raises(DataError, match=f'on 1 of the 4 images to score .*{name}'):
        main(arguments)
    out = tmp_path / 'scores.json'
    main([*arguments, '--allow-pseudo', '--out', str(out)])
    assert json.loads(out.read_text())['mIoU_256'] == 100
    rest = tmp_path / 'rest.txt'
    rest.write_text(dataset.get_data_info(0)['file_name'])
    main([*arguments, '--subset', str(rest)])


def test_a_folder_of_predictions_has_the_guard_of_its_store(
    toy_root: Path, tmp_path: Path
) -> None:
    main = runpy.run_path(str(ROOT / 'tools/score.py'))['main']
    name = _images(toy_root)[0]['file_name']
    ProbStore(tmp_path / 'probs', CLASSES, source=dict(pseudo=[name]))
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'submission.csv').write_text('')
    for given in ('labels', 'submission.csv'):
        with pytest.raises(DataError, match=f'{given}: was trained with pseudo'):
            main([str(tmp_path / given), str(toy_root / 'val.json')])


def test_what_is_made_of_checkpoints_remembers() -> None:
    one = TrainedImages(frozenset('a'), frozenset('b'), 1)
    two = TrainedImages(frozenset('c'), frozenset('d'), 2)
    contents = [dict(meta={KEY: one.to_meta()}), {}, dict(meta={KEY: two.to_meta()})]
    meta = trained_by_any(contents, ['x', 'y', 'z'])
    assert trained_images(dict(meta=meta), 'soup') == one | two
    assert trained_by_any([{}, dict(meta=None)], ['x', 'y']) == {}


def test_silent_and_damaged_checkpoints() -> None:
    assert trained_images({}, 'x') is None
    assert trained_images(dict(meta=None), 'x') is None
    for wrong in ({}, dict(labelled=[], pseudo=3, round=1), [1]):
        with pytest.raises(CheckpointError, match=r'a\.pth: meta\.trained_images'):
            trained_images(dict(meta={KEY: wrong}), 'a.pth')
    assert images_of([object(), [1]]) == TrainedImages()
    one = TrainedImages(frozenset('a'), frozenset('b'), 1)
    two = TrainedImages(frozenset('c'), frozenset(), 0)
    assert one | two == TrainedImages(frozenset('ac'), frozenset('b'), 1)
    assert trained_images(dict(meta={KEY: one.to_meta()}), 'x') == one
