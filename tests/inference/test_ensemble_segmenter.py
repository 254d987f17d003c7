"""A recipe's members on one photograph, held against the mean by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from mmseg_trash.config import build_model, load_config
from mmseg_trash.errors import ConfigError
from mmseg_trash.inference.inferencer import TrashInferencer
from mmseg_trash.postprocess.clean_up import CleanUpParams, clean_up

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.fixture(scope='module')
def members(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp('members')
    found = []
    for seed in range(2):
        torch.manual_seed(seed)
        model: Any = build_model(load_config(CONFIG, from_scratch=True))
        torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
        path = folder / f'{seed}.pth'
        torch.save(dict(state_dict=model.state_dict()), path)
        found.append(dict(config=str(CONFIG), checkpoint=str(path)))
    return found


def recipe(folder: Path, **content: Any) -> Path:
    path = folder / 'recipe.yml'
    path.write_text(yaml.safe_dump(content), encoding='utf-8')
    return path


def test_it_is_the_weighted_mean_with_the_steps_behind(
    members: list[dict[str, Any]], toy_root: Path, tmp_path: Path
) -> None:
    image = sorted(toy_root.rglob('*.jpg'))[0]
    single = [
        TrashInferencer(m['config'], m['checkpoint'], 'cpu')(image, probs=True).probs
        for m in members
    ]
    mean = (3 * single[0] + single[1]) / 4
    weighted = [{**members[0], 'weight': 3}, members[1]]
    found = TrashInferencer(recipe(tmp_path, members=weighted), device='cpu')(
        image, probs=True
    )
    np.testing.assert_allclose(found.probs, mean, atol=1e-5)
    assert (found.label == mean.argmax(0)).mean() > 0.999
    assert (found.label != single[1].argmax(0)).any()
    least = [found.label.size + 1] * len(found.classes)
    steps = dict(clean_up=dict(min_size=least), size=256)
    cleaned = TrashInferencer(
        recipe(tmp_path, members=weighted, postprocess=steps), device='cpu'
    )(image)
    assert cleaned.label.shape == found.label.shape  # the size is the submission's
    assert len(np.unique(cleaned.label)) < len(np.unique(found.label))


def test_votes_have_no_probabilities_and_stores_are_refused(
    members: list[dict[str, Any]], toy_root: Path, tmp_path: Path
) -> None:
    image = sorted(toy_root.rglob('*.jpg'))[0]
    path = recipe(tmp_path, members=members, rule='hard')
    inferencer = TrashInferencer(path, device='cpu')
    assert inferencer(image).label.any()
    with pytest.raises(ConfigError, match='a vote has no probabilities'):
        inferencer(image, probs=True)
    path = recipe(tmp_path, members=[*members, dict(store='somewhere')])
    with pytest.raises(ConfigError, match=r'members\[2\]: a store'):
        TrashInferencer(path, device='cpu')


def test_steps_behind_a_vote(
    members: list[dict[str, Any]], toy_root: Path, tmp_path: Path
) -> None:
    image = sorted(toy_root.rglob('*.jpg'))[0]
    plain = TrashInferencer(
        recipe(tmp_path, members=members, rule='hard'), device='cpu'
    )
    steps = dict(clean_up=dict(min_size=60))
    path = recipe(tmp_path, members=members, rule='hard', postprocess=steps)
    voted, cleaned = (
        plain(image).label,
        TrashInferencer(path, device='cpu')(image).label,
    )
    assert np.array_equal(cleaned, clean_up(voted, CleanUpParams(min_size=60)))
    assert (cleaned != voted).any()
