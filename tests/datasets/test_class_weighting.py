"""Weights of classes equal the papers' formulas, and their file is checked."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from mmseg_trash.class_balance import (
    ClassBalance,
    class_frequencies,
    class_weights,
    read_balance,
    write_balance,
)
from mmseg_trash.datasets import TrashDataset
from mmseg_trash.datasets.class_weighting import (
    METHODS,
    balance_classes,
    complement_weights,
    effective_weights,
    inverse_weights,
    median_weights,
)
from mmseg_trash.errors import DataError
from mmseg_trash.losses import BalancedSoftmaxLoss, SoftDiceLoss
from mmseg_trash.metainfo import CLASSES

COUNTS = [70_000_000, 9000, 500, 1]


def mean_one(weights: list[float]) -> list[float]:
    return [weight * len(weights) / sum(weights) for weight in weights]


def test_inverse_equals_scikit_learn() -> None:
    labels = np.repeat([0, 1, 2, 3], [50, 9, 5, 1])
    theirs = compute_class_weight('balanced', classes=np.arange(4), y=labels)
    assert inverse_weights([50, 9, 5, 1]) == pytest.approx(mean_one(theirs.tolist()))


def test_median_frequency_by_hand() -> None:
    # Class 1 is in the first image alone: 10 of its 100 pixels.
    weights = median_weights([290, 10, 40], [340, 100, 240])
    frequencies = [290 / 340, 10 / 100, 40 / 240]
    expected = [frequencies[2] / f for f in frequencies]
    assert weights == pytest.approx(mean_one(expected))


@pytest.mark.parametrize('beta', [0.0, 0.9, 0.99, 0.999, 0.9999])
def test_effective_number_equals_the_formula(beta: float) -> None:
    counts = [3000, 200, 17, 1]
    effective = [sum(beta**k for k in range(n)) for n in counts]
    expected = mean_one([1 / e for e in effective])
    assert effective_weights(counts, beta) == pytest.approx(expected)


def test_effective_number_of_pixels() -> None:
    total = sum(COUNTS)
    shares = [1 / (1 - np.exp(n * np.log1p(-1 / total))) for n in COUNTS]
    assert effective_weights(COUNTS) == pytest.approx(mean_one(shares), rel=1e-4)
    # with the paper's largest β, frequent classes cannot be told apart by pixels
    equal = effective_weights([*COUNTS[:2], 200_000], 0.999)
    assert equal == pytest.approx([1, 1, 1], abs=1e-3)
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match=f'beta .* got {wrong}'):
            effective_weights(COUNTS, wrong)


def test_complement() -> None:
    expected = mean_one([0.3, 0.8, 0.9])
    assert complement_weights([70, 20, 10]) == pytest.approx(expected)
    assert complement_weights([70]) == [1]


def test_a_class_that_does_not_occur_is_as_rare_as_the_rarest() -> None:
    weights = inverse_weights([10, 0, 5])
    assert weights[1] == weights[2] == 2 * weights[0]
    assert weights.mean() == pytest.approx(1)
    for wrong in ([0, 0], [1, -1], [1, np.inf]):
        with pytest.raises(ValueError, match='counts must be at least 0'):
            inverse_weights(wrong)


@pytest.mark.parametrize('method', METHODS)
def test_of_a_data_set(root: Path, method: str) -> None:
    dataset = TrashDataset(data_root=root)
    labels = dataset.instance_index().label
    counts = dataset.class_counts()
    options = dict(classes=CLASSES, class_counts=counts, background=0, method=method)
    pixels = balance_classes(instance_labels=labels, **options)
    assert pixels.counts['pixels'] == counts.sum(0).tolist()
    assert pixels.counts['instances'] == [3, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0]
    assert np.mean(pixels.weights) == pytest.approx(1, abs=1e-5)
    assert pixels.weights[0] == min(pixels.weights) < max(pixels.weights)
    instances = balance_classes(instance_labels=labels, counted='instances', **options)
    assert instances.weights[0] < instances.weights[1] == instances.weights[2]
    with pytest.raises(ValueError, match="got 'mean' and 'pixels'"):
        balance_classes(CLASSES, counts, labels, 0, 'mean')


def test_median_of_a_data_set(root: Path) -> None:
    dataset = TrashDataset(data_root=root)
    counts = dataset.class_counts()
    frequency = {
        c: counts[:, c].sum() / (40 * 48 * (counts[:, c] > 0).sum())
        for c in range(11)
        if counts[:, c].any()
    }
    median = np.median(list(frequency.values()))
    weights = balance_classes(CLASSES, counts, np.zeros(0, int), 0).weights
    ratios = {c: weights[c] / (median / f) for c, f in frequency.items()}
    assert list(ratios.values()) == pytest.approx([ratios[0]] * len(ratios), rel=1e-4)


@pytest.fixture
def tool(project: Path) -> dict:
    return runpy.run_path(str(project / 'tools/data/class_weights.py'))


def test_the_tool_writes_what_losses_read(root: Path, tool: dict, capsys) -> None:
    tool['main']([str(root), '--method', 'effective', '--count', 'images'])
    path = root / 'class_weights.json'
    assert 'none: as the rarest' in capsys.readouterr().out
    assert [p.name for p in root.glob('*class_weights*')] == [path.name]
    balance = read_balance(path)
    assert balance.source == 'train.json, 3 images'
    assert balance.counted == 'images'
    for method, unit in (('effective', 'instances'), ('inverse', 'pixels')):
        tool['main']([str(root), '--method', method])
        assert read_balance(path).counted == unit
    balance = read_balance(path)
    loss = SoftDiceLoss(class_weight=str(path))
    assert loss.class_weight.tolist() == pytest.approx(balance.weights)
    shares = BalancedSoftmaxLoss(str(path)).log_prior.exp()
    pixels = torch.tensor(balance.counts['pixels'])
    pixels = pixels.clamp(min=int(pixels[pixels > 0].min()))
    assert torch.allclose(shares, pixels / pixels.sum())
    for options in (['--beta', '0.9'], ['--method', 'effective', '--beta', '1']):
        with pytest.raises(SystemExit):
            tool['main']([str(root), *options])


def test_the_tool_takes_classes_of_ones_own(
    root: Path, coco: dict, tool: dict, tmp_path: Path
) -> None:
    coco['categories'] = [dict(id=n, name=name) for n, name in ((1, 'cup'), (2, 'lid'))]
    for number, entry in enumerate(coco['annotations']):
        entry['category_id'] = 1 + number % 2
    (root / 'train.json').write_text(json.dumps(coco))
    out = tmp_path / 'own.json'
    names = ['Background', 'cup', 'lid']
    tool['main']([str(root), '--classes', *names, '--out', str(out)])
    own = class_weights(dict(file=str(out), classes=names))
    assert own is not None and len(own) == 3
    with pytest.raises(DataError, match=r'own\.json: is for the classes .*cup'):
        class_weights(str(out))
    with pytest.raises(DataError, match='expected .*lid.*cup'):
        class_weights(dict(file=str(out), classes=['Background', 'lid', 'cup']))
    with pytest.raises(ValueError, match='class_weight must be dict'):
        class_weights(dict(path=str(out)))


def test_nothing_to_count(root: Path, coco: dict, tool: dict) -> None:
    del coco['annotations']
    (root / 'test.json').write_text(json.dumps(coco))
    with pytest.raises(DataError, match='no annotations to count'):
        tool['main']([str(root), '--ann-file', 'test.json'])
    assert not (root / 'class_weights.json').exists()


def test_faults_of_the_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'weights.json'
    with pytest.raises(FileNotFoundError, match=r'weights\.json.*class_weights\.py'):
        class_weights(str(path))
    good = ClassBalance(
        list(CLASSES),
        [1.0] * 11,
        'inverse',
        'pixels',
        dict(pixels=[1] * 11, instances=[1] * 11, images=[1] * 11),
        'train.json',
    )
    write_balance(good, path)
    assert read_balance(path) == good
    assert class_frequencies(str(path)) == pytest.approx([1 / 11] * 11)
    content = json.loads(path.read_text())
    for change, message in (
        ('[', 'not a file of'),
        ('[]', 'not a file of'),
        ({'weights': None}, 'not a file of'),
        ({'counts': {}}, "lacks 'pixels'"),
        ({'weights': [1.0] * 10}, 'not a file of'),
        ({'weights': [-1.0] * 11}, 'at least 0'),
        ({'weights': [float('nan')] * 11}, 'finite'),
        ({'classes': list(CLASSES[:5])}, '11 weights for 5 classes'),
        ({'classes': list(CLASSES[::-1])}, 'is for the classes'),
    ):
        text = change if isinstance(change, str) else json.dumps({**content, **change})
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            class_weights(str(path))
