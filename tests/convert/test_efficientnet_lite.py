"""EfficientNet-Lite's weights, by name and by place, and that they see bottles."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.efficientnet import to_timm
from mmseg_trash.errors import CheckpointError
from mmseg_trash.metainfo import CLASSES
from mmseg_trash.models import SMPEncoder

from .light import NAMES, NORMALIZATION, by_position, published, randomised

timm = pytest.importorskip('timm')
pytest.importorskip('segmentation_models_pytorch')

LITES = NAMES[:3]
ENDS = dict(
    conv_stem='_conv_stem', bn1='_bn0', conv_head='_conv_head', bn2='_bn1',
    classifier='_fc',
)  # fmt: skip
FIRST = dict(conv_dw='_depthwise_conv', bn1='_bn1', conv_pw='_project_conv', bn2='_bn2')
OTHER = dict(
    conv_pw='_expand_conv', bn1='_bn0', conv_dw='_depthwise_conv', bn2='_bn1',
    conv_pwl='_project_conv', bn3='_bn2',
)  # fmt: skip
# ImageNet's classes that a piece of glass may be taken for.
BOTTLES = {440: 'beer', 653: 'milk can', 720: 'pill', 737: 'pop', 898: 'water'}
BOTTLES |= {907: 'wine'}


def of_lukemelas(state: State) -> State:
    """Write timm's layout in that of the published files."""
    places: list[str] = []
    result = {}
    for key, value in state.items():
        if not (found := re.fullmatch(r'blocks\.((\d)\.\d+)\.(\w+)\.(\w+)', key)):
            stem, kind = key.split('.')
            result[f'{ENDS[stem]}.{kind}'] = value
            continue
        place, stage, layer, kind = found.groups()
        places += [] if place in places else [place]
        layer = (OTHER if int(stage) else FIRST)[layer]
        result[f'_blocks.{places.index(place)}.{layer}.{kind}'] = value
    return result


@pytest.mark.parametrize('size', range(5))
def test_every_size_by_name(size: int) -> None:
    """Lite3 and Lite4 have no package, but the layout of the others."""
    theirs = randomised(timm.create_model(f'tf_efficientnet_lite{size}'))
    state = theirs.state_dict()
    found = to_timm(of_lukemelas(state))
    expected = {k: v for k, v in state.items() if not k.startswith('classifier')}
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[k], v) for k, v in expected.items())
    ours = SMPEncoder(f'tu-tf_efficientnet_lite{size}').eval()
    ours.load_state_dict(CONVERTERS['efficientnet-lite'](of_lukemelas(state)))
    image = torch.randn(1, 3, 64, 96)
    maps = timm.create_model(f'tf_efficientnet_lite{size}', features_only=True)
    maps.load_state_dict(state, strict=False)
    with torch.no_grad():
        for one, other in zip(ours(image)[1:], maps.eval()(image), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize('name', LITES)
def test_published_weights_by_place(name: str) -> None:
    state = published(name)
    theirs = by_position(timm.create_model(name), state).state_dict()
    found = to_timm(state)
    assert list(found) == [k for k in theirs if not k.startswith('classifier')]
    assert all(torch.equal(v, theirs[k]) for k, v in found.items())
    encoder = SMPEncoder(f'tu-{name}')
    encoder.load_state_dict(CONVERTERS['efficientnet-lite'](state))
    for key, value in encoder.encoder.model.state_dict().items():
        assert torch.equal(value, theirs[key]), key


@pytest.fixture(scope='module')
def glass(project: Path) -> torch.Tensor:
    """Return photographs of glass, RGB in [0, 255]."""
    root = project / 'tools/demo_data'
    if not (root / 'test.json').is_file():
        pytest.skip(f'no photographs at {root}')
    content = json.loads((root / 'test.json').read_text(encoding='utf-8'))
    category = {c['name']: c['id'] for c in content['categories']}['Glass']
    assert 'Glass' in CLASSES
    wanted = {
        a['image_id'] for a in content['annotations'] if a['category_id'] == category
    }
    files = [i['file_name'] for i in content['images'] if i['id'] in wanted]
    images = [cv2.imread(str(root / 'images' / file))[..., ::-1] for file in files]
    assert len(images) >= 20
    stack = np.stack([cv2.resize(image, (224, 224)) for image in images])
    return torch.from_numpy(stack).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize('name', LITES)
def test_published_weights_see_bottles(name: str, glass: torch.Tensor) -> None:
    """Five guesses of a thousand classes, at the numbers of the model's base."""
    state = published(name)
    models = [timm.create_model(name).eval() for _ in range(2)]
    head = {f'classifier.{k}': state[f'_fc.{k}'] for k in ('weight', 'bias')}
    models[0].load_state_dict({**to_timm(state), **head})
    mean, std = NORMALIZATION[name]
    shares = []
    for model, image in (
        (models[0], (glass - mean[0]) / std[0]),
        (models[0], glass),
        (models[1], (glass - mean[0]) / std[0]),
    ):
        with torch.no_grad():
            guesses = model(image).topk(5).indices.tolist()
        shares.append(np.mean([bool(BOTTLES.keys() & set(g)) for g in guesses]))
    assert shares[0] >= 0.6, shares
    assert max(shares[1:]) <= 0.25, shares


def test_other_networks_are_refused(tmp_path: Path) -> None:
    file = str(tmp_path / 'a.pth')
    ours = SMPEncoder(
        f'tu-{LITES[0]}', init_cfg=dict(type='Pretrained', checkpoint=file)
    )
    state = of_lukemelas(timm.create_model(LITES[0]).state_dict())
    short = {k: v for k, v in state.items() if not k.startswith('_blocks.3.')}
    torch.save(short, file)
    with pytest.raises(CheckpointError, match=r'a\.pth: is no EfficientNet: 15 blocks'):
        ours.init_weights()
    lite2 = timm.create_model(LITES[2]).state_dict()
    torch.save(of_lukemelas(lite2), file)
    with pytest.raises(CheckpointError, match=r'a\.pth: does not fit tu-tf_eff.*lite0'):
        ours.init_weights()
    state['_conv_stem.weight'] = torch.zeros(32, 4, 3, 3)
    torch.save(state, file)
    with pytest.raises(CheckpointError, match=r'tu-tf_.*lite0: model\.conv_stem\.wei'):
        ours.init_weights()
    del state['_conv_stem.weight']
    torch.save(state, file)
    with pytest.raises(CheckpointError, match='EfficientNet'):
        ours.init_weights()
