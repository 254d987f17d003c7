"""From stores and models to pseudo labels, round after round."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from mmseg_trash.config import build_model, load_config
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.inference.predictor import Predictor
from mmseg_trash.inference.store import ProbStore
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.pseudo.sources import open_source
from mmseg_trash.pseudo.trained import KEY, TrainedImages, pseudo_info
from mmseg_trash.pseudo.writer import hash_file, hash_names

ROOT = Path(__file__).parents[2]
main = runpy.run_path(str(ROOT / 'tools/pseudo_label.py'))['main']
CONFIG = 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'
TRAINED = TrainedImages(frozenset({'batch_01_vt/0001.jpg'}), frozenset({'x.jpg'}), 1)


def write_checkpoint(project: Path, path: Path, seen: TrainedImages | None) -> Any:
    """Save a network of random weights that is sure of some pixels."""
    cfg = load_config(project / CONFIG)
    torch.manual_seed(3)
    model = build_model(cfg, init=True)
    with torch.no_grad():
        model.decode_head.conv_seg.weight *= 60
    meta = {} if seen is None else {KEY: seen.to_meta()}
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return cfg


def write_store(folder: Path, digest: str = 'none') -> dict[str, Any]:
    """Fill a store with three images: sure, half sure, not sure."""
    store = ProbStore(folder, CLASSES, 'float16', source=dict(checkpoint=digest))
    labels = np.arange(12).reshape(3, 4) % 4
    found = {}
    for name, share in (('a/1.jpg', 0), ('a/2.jpg', 0.5), ('a/3.jpg', 1)):
        doubtful = np.arange(12).reshape(3, 4) < 12 * share
        value = np.where(doubtful, 0.5, 0.99)
        probs = np.repeat(((1 - value) / 10)[None], 11, 0).astype(np.float32)
        np.put_along_axis(probs, labels[None], value[None].astype(np.float32), 0)
        store.write(name, probs)
        found[name] = np.where(doubtful, 255, labels)
    return found


def test_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = write_store(tmp_path / 'probs')
    out = tmp_path / 'round.json'
    main([str(tmp_path / 'probs'), '--out', str(out), '--soft'])
    told = capsys.readouterr()
    assert 'does not tell what it was trained on' in told.err
    assert 'round 1, 2 images labelled' in told.out
    info = pseudo_info(out)
    assert info is not None
    assert info['dropped'] == {'a/3.jpg': 'no pixel reaches the threshold'}
    assert info['source'] == dict(images=3, sha256=hash_names(expected))
    assert info['images'] == dict(number=2, sha256=hash_names(['a/2.jpg', 'a/1.jpg']))
    assert info['rules']['pixel']['threshold'] == 0.9
    dataset = TrashDataset(str(out))
    for place in range(2):
        name = dataset.get_data_info(place)['file_name']
        np.testing.assert_array_equal(dataset.label_map_of(place), expected[name])
    soft = ProbStore.open(tmp_path / info['probs'])
    assert list(soft) == ['a/1.jpg', 'a/2.jpg']
    given = ProbStore.open(tmp_path / 'probs').read('a/2.jpg')
    np.testing.assert_allclose(soft.read('a/2.jpg'), given, atol=0.011)

    # by images: all pixels, of those that are sure
    main([str(tmp_path / 'probs'), '--out', str(out), '--rule', 'image'])
    assert [i['file_name'] for i in json.loads(out.read_text())['images']] == [
        'a/1.jpg'
    ]
    info = pseudo_info(out)
    assert info is not None
    # four of nine; the other three are background
    assert info['dropped']['a/2.jpg'] == '44.4% of the foreground is doubtful'

    with pytest.raises(DataError, match='no image counts'):
        main([str(tmp_path / 'probs'), '--out', str(out), '--threshold', '1'])
    with pytest.raises(ConfigError, match="'Paper': expected NAME=VALUE"):
        main([str(tmp_path), '--out', 'x', '--class-threshold', 'Paper'])


def test_models_and_rounds(project: Path, toy_root: Path, tmp_path: Path) -> None:
    """A recipe of a model gives what its argmax and maximum say."""
    first = tmp_path / 'first.pth'
    cfg = write_checkpoint(project, first, None)
    recipe = tmp_path / 'recipe.yaml'
    content: dict[str, Any] = dict(
        data_root=str(toy_root),
        members=[dict(config=str(project / CONFIG), checkpoint=str(first))],
    )
    recipe.write_text(yaml.safe_dump(content))
    out = tmp_path / 'one.json'
    options = ['--threshold', '0.6', '--num-workers', '0']
    main([str(recipe), '--out', str(out), *options])
    cfg.predict_dataset.data_root = str(toy_root)
    dataset = TrashDataset(str(out), data_root=str(toy_root))
    place = 0
    shares = []
    for name, probs in Predictor(cfg, first, num_workers=0):
        label = np.where(probs.max(0) >= np.float32(0.6), probs.argmax(0), 255)
        shares.append((label == 255).mean())
        if shares[-1] < 1:
            assert dataset.get_data_info(place)['file_name'] == name
            np.testing.assert_array_equal(dataset.label_map_of(place), label)
            place += 1
    assert place == len(dataset) >= 2
    assert any(0.01 < share < 0.99 for share in shares)
    info = pseudo_info(out)
    assert info is not None
    assert info['round'] == 1
    (member,) = info['members']
    assert member['checkpoint_sha256'] == hash_file(first)
    assert member['config_sha256'] == hash_file(project / CONFIG)
    assert info['source']['file_sha256'] == hash_file(toy_root / 'test.json')

    # the next round: members that have seen these images refuse, unless told
    names = frozenset(i['file_name'] for i in json.loads(out.read_text())['images'])
    second = tmp_path / 'second.pth'
    write_checkpoint(project, second, TrainedImages(pseudo=names, round=1))
    content['members'][0]['checkpoint'] = str(second)
    recipe.write_text(yaml.safe_dump(content))
    two = tmp_path / 'two.json'
    with pytest.raises(DataError, match=f'trained on {len(names)} of the 3 images'):
        main([str(recipe), '--out', str(two), *options])
    assert not two.exists()
    main([str(recipe), '--out', str(two), *options, '--allow-trained'])
    info = pseudo_info(two)
    assert info is not None
    assert (info['round'], info['members'][0]['round']) == (2, 1)


def test_who_made_a_store(project: Path, tmp_path: Path) -> None:
    path, other = tmp_path / 'one.pth', tmp_path / 'other.pth'
    seen = TrainedImages(frozenset({'a/2.jpg'}), frozenset(), 1)
    write_checkpoint(project, path, seen)
    write_checkpoint(project, other, TRAINED)
    write_store(tmp_path / 'probs', hash_file(path))
    source = open_source(tmp_path / 'probs', [str(path)])
    assert (source.round, source.unknown, source.seen) == (2, [], seen)
    with pytest.raises(DataError, match=r"1 of the 3 images to label \('a/2.jpg'\)"):
        source.refuse_trained()
    with pytest.raises(DataError, match=r'other\.pth: no store was made with this'):
        open_source(tmp_path / 'probs', [str(path), str(other)])
    # the probabilities that are kept beside the labels tell it too
    soft = [str(tmp_path / 'probs'), '--out', str(tmp_path / 'soft.json'), '--soft']
    main([*soft, '--checkpoints', str(path), '--allow-trained'])
    again = open_source(tmp_path / 'soft_probs', [str(path)])
    assert (again.unknown, again.seen) == ([], seen)
    recipe = tmp_path / 'hard.yaml'
    recipe.write_text('{rule: hard, members: [{store: probs}]}')
    with pytest.raises(ConfigError, match="'hard' gives no probabilities"):
        open_source(recipe)
    recipe.write_text('{members: [{store: probs}], postprocess: {clean_up: {}}}')
    with pytest.raises(ConfigError, match='take it out'):
        open_source(recipe)
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / 'nothing.yaml')


def test_the_target_is_checked_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='is a folder'):
        main(['none.yaml', '--out', str(tmp_path)])
    with pytest.raises(ConfigError, match='--batch-size: must be at least 1, got 0'):
        main(['none.yaml', '--out', str(tmp_path / 'p.json'), '--batch-size', '0'])
