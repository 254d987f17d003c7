"""What the zoo says about recipes, weights, sizes and scores."""

from pathlib import Path

import pytest

from mmseg_trash.config import load_config
from mmseg_trash.errors import ConfigError, DataError
from mmseg_trash.zoo.figures import Counted, count_figures
from mmseg_trash.zoo.recipe import recipe
from mmseg_trash.zoo.scores import PaperFigure, read_scores
from mmseg_trash.zoo.tables import markdown
from mmseg_trash.zoo.weights import describe, weights


@pytest.mark.parametrize('stem, words', [
    (
        'segformer/segformer_mit-b0_1xb8-20k_trash-512x512',
        'AdamW 6e-5, decay .01, decode_head x10, warm-up 1500, poly',
    ),
    (
        'mask2former/mask2former_swin-t_1xb8-20k_trash-512x512',
        'AdamW 1e-4, decay .05, backbone x.1, clip .01, poly',
    ),
])  # fmt: skip
def test_recipe(project: Path, stem: str, words: str) -> None:
    assert recipe(load_config(project / f'configs/{stem}.py')) == words


def test_weights_of_a_config(project: Path) -> None:
    file = project / 'configs/segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py'
    found = weights(load_config(file).model)
    assert found is not None
    assert found.licence == 'NVIDIA, non-commercial'
    assert found.address.startswith('https://') and 'mit_b0' in found.link
    assert weights(load_config(file, from_scratch=True).model) is None


def test_weights_without_a_licence() -> None:
    with pytest.raises(ConfigError, match=r'new\.pth: no licence is known'):
        describe('https://host/new.pth')
    assert describe('torchvision://resnet50').link == 'ResNet, torchvision'


@pytest.mark.parametrize('printed, parameters, agrees', [
    ('60', 59.51e6, True), ('60', 60.6e6, False), ('27.5', 27.36e6, False),
    ('27.5', 27.37e6, True), ('235', 236.1e6, True), ('235', 236.3e6, False),
])  # fmt: skip
def test_agreement(printed: str, parameters: float, agrees: bool) -> None:
    figure = PaperFigure('c', 150, printed, 'paper')
    assert Counted(figure, int(parameters)).agrees is agrees


def test_unknown_config(project: Path) -> None:
    with pytest.raises(DataError, match='upernet_no: '):
        count_figures(project, [PaperFigure('upernet_no', 150, '1', '')])


def test_scores_are_checked(tmp_path: Path) -> None:
    assert read_scores(tmp_path).published == []
    file = tmp_path / 'docs/scores.yml'
    file.parent.mkdir()
    file.write_text('published: [{cohort: 1, score: .7}]\n')
    with pytest.raises(DataError, match=r"scores\.yml: .*'score'"):
        read_scores(tmp_path)
    file.write_text('- 1\n')
    with pytest.raises(DataError, match='expected a mapping, got list'):
        read_scores(tmp_path)
    file.write_text('{')
    with pytest.raises(DataError, match='cannot be read'):
        read_scores(tmp_path)


def test_empty_columns_are_left_out() -> None:
    text = markdown(['A', 'B', 'C'], [['1', '', '2'], ['3', '', '']], 'C')
    assert text == '| A | C |\n| --- | ---: |\n| 1 | 2 |\n| 3 |  |\n'
