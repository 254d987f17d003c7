"""EfficientNets of three layouts compute the same, whichever reads whose weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from safetensors.torch import save_file
from torch import Tensor, nn

from mmseg_trash.config import build_model, load_config
from mmseg_trash.convert import CONVERTERS
from mmseg_trash.convert.common import State
from mmseg_trash.convert.efficientnet import to_lukemelas, to_timm
from mmseg_trash.convert.fit import fit
from mmseg_trash.errors import CheckpointError
from mmseg_trash.models import SMPEncoder, TrimmedEfficientNet

timm = pytest.importorskip('timm')
smp = pytest.importorskip('segmentation_models_pytorch')

pytestmark = pytest.mark.filterwarnings('ignore:`timm-` encoders:DeprecationWarning')
LAYOUTS = ('timm', 'lukemelas', 'mmpretrain')


def randomised(model: nn.Module) -> nn.Module:
    """Give parameters and statistics other numbers, so that a mix-up shows."""
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if value.dim() == 4:
            nn.init.kaiming_normal_(value)
        elif value.is_floating_point():
            low = 0.5 if name.endswith(('weight', 'var')) else -0.2
            nn.init.uniform_(value, low, low + 1)
    return model.eval()


def close(ours: tuple[Tensor, ...], theirs: list[Tensor]) -> None:
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= 1e-4 * max(1.0, b.abs().max().item())


def whole(layout: str, size: str) -> nn.Module:
    """Build a classifier of random weights in a layout."""
    if layout == 'timm':
        return randomised(timm.create_model(f'tf_efficientnet_{size}'))
    if layout == 'lukemelas':
        from segmentation_models_pytorch.encoders import _efficientnet as lukemelas

        args = lukemelas.get_model_params(f'efficientnet-{size}', None)
        return randomised(lukemelas.EfficientNet(*args))
    init_default_scope('mmseg')
    backbone = MODELS.build(dict(type='mmpretrain.EfficientNet', arch=size))
    return randomised(nn.ModuleDict(dict(backbone=backbone)))


def trimmed(state: State, size: str) -> nn.Module:
    ours = TrimmedEfficientNet(size, out_indices=(1, 2, 3, 4, 5))
    ours.load_state_dict(CONVERTERS['efficientnet'](state))
    return ours.eval()


@pytest.mark.parametrize('shape', [(64, 96), (65, 91)], ids=str)
@pytest.mark.parametrize('size', ['b0', 'b1'])
def test_trimmed_is_timms(size: str, shape: tuple[int, int]) -> None:
    state = whole('timm', size).state_dict()
    theirs = timm.create_model(f'tf_efficientnet_{size}', features_only=True)
    theirs.load_state_dict(state, strict=False)
    image = torch.randn(1, 3, *shape)
    with torch.no_grad():
        close(trimmed(state, size)(image), theirs.eval()(image))


def test_trimmed_is_lukemelas() -> None:
    """At the size that his paddings are made for."""
    theirs = whole('lukemelas', 'b1')
    encoder = smp.encoders.get_encoder('efficientnet-b1', weights=None).eval()
    encoder.load_state_dict(theirs.state_dict())
    # in float32 the kernels of some processors are further apart
    image = torch.randn(1, 3, 240, 240, dtype=torch.double)
    with torch.no_grad():
        ours = trimmed(theirs.state_dict(), 'b1').double()(image)
        close(ours[1:], encoder.double()(image)[2:])


def test_trimmed_is_mmpretrains() -> None:
    theirs = whole('mmpretrain', 'b0')
    theirs.backbone.out_indices = (1, 2, 3, 4, 5)
    image = torch.randn(1, 3, 50, 77)
    with torch.no_grad():
        close(trimmed(theirs.state_dict(), 'b0')(image), theirs.backbone(image))


@pytest.mark.parametrize('layout', LAYOUTS)
def test_no_tensor_is_lost_on_the_way(layout: str) -> None:
    state = whole(layout, 'b0').state_dict()
    kept = len([k for k in state if 'classifier' not in k and '_fc' not in k])
    lukemelas, timms = to_lukemelas(state), to_timm(state)
    assert len(lukemelas) == len(timms) == kept
    assert to_timm(lukemelas).keys() == timms.keys()
    back = to_lukemelas(timms)
    assert all(torch.equal(back[k], v) for k, v in lukemelas.items())
    ours = CONVERTERS['efficientnet'](timms)
    assert len(ours) == kept - 6  # the last convolution and its norm


@pytest.mark.parametrize('size', [f'b{i}' for i in range(8)])
def test_every_size_fits(size: str) -> None:
    """Names and shapes, without memory."""
    with torch.device('meta'):
        state = timm.create_model(f'tf_efficientnet_{size}').state_dict()
    cfgs = {
        'efficientnet': dict(type='TrimmedEfficientNet', arch=size),
        'efficientnet-smp': dict(type='SMPEncoder', name=f'efficientnet-{size}'),
        'efficientnet-timm': dict(type='SMPEncoder', name=f'timm-efficientnet-{size}'),
    }
    for name, cfg in cfgs.items():
        encoder = build_model(Config(dict(model=cfg)), 'meta')
        own = {k: v.shape for k, v in encoder.state_dict().items()}
        assert {k: v.shape for k, v in CONVERTERS[name](state).items()} == own


@pytest.mark.parametrize(
    'name, layout',
    [
        *(('efficientnet-b0', layout) for layout in LAYOUTS),
        ('timm-efficientnet-b0', 'timm'),
        ('tu-tf_efficientnet_b0', 'lukemelas'),
    ],
)
def test_encoder_reads_every_layout(name: str, layout: str, tmp_path: Path) -> None:
    content: Any = whole(layout, 'b0').state_dict()
    file = tmp_path / ('w.safetensors' if layout == 'lukemelas' else 'w.pth')
    if layout == 'lukemelas':
        save_file(content, file)
    else:
        torch.save(dict(state_dict=content), file)
    ours = SMPEncoder(name, init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    ours.init_weights()
    expected = to_timm(content)
    found = to_timm(
        {k.removeprefix('model.'): v for k, v in ours.encoder.state_dict().items()}
    )
    assert len(found) >= 350
    assert all(torch.equal(v, expected[k]) for k, v in found.items())


def test_encoder_reads_its_own_layout(tmp_path: Path) -> None:
    """That of a trained encoder, and timm's of another network."""
    theirs = randomised(timm.create_model('resnet10t'))
    torch.save(theirs.state_dict(), tmp_path / 'a.pth')
    ours = SMPEncoder(
        'tu-resnet10t',
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth')),
    )
    ours.init_weights()
    state = ours.encoder.state_dict()
    assert all(
        torch.equal(v, theirs.state_dict()[k.removeprefix('model.')])
        for k, v in state.items()
    )
    torch.save(ours.state_dict(), tmp_path / 'b.pth')
    again = SMPEncoder(
        'tu-resnet10t',
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'b.pth')),
    )
    again.init_weights()
    assert all(torch.equal(v, state[k]) for k, v in again.encoder.state_dict().items())


def test_encoder_refuses_other_files(tmp_path: Path) -> None:
    file = str(tmp_path / 'a.pth')
    torch.save({'layer1.0.conv1.weight': torch.zeros(1)}, file)
    init = dict(type='Pretrained', checkpoint=file)
    with pytest.raises(CheckpointError, match=r'a\.pth: is no EfficientNet'):
        SMPEncoder('efficientnet-b0', init_cfg=init).init_weights()
    with pytest.raises(CheckpointError, match=r'a\.pth: does not fit tu-resnet10t'):
        SMPEncoder('tu-resnet10t', init_cfg=init).init_weights()
    for theirs, ours in (('b1', 'b0'), ('b0', 'b1')):
        torch.save(whole('timm', theirs).state_dict(), file)
        with pytest.raises(CheckpointError, match=rf'efficientnet-{ours}: _blocks\.'):
            SMPEncoder(f'efficientnet-{ours}', init_cfg=init).init_weights()


def test_mmpretrains_file_needs_no_conversion(tmp_path: Path) -> None:
    theirs = whole('mmpretrain', 'b0')
    file = tmp_path / 'weights.pth'
    torch.save(dict(state_dict=theirs.state_dict()), file)
    ours = TrimmedEfficientNet(
        init_cfg=dict(type='Pretrained', checkpoint=str(file), prefix='backbone.')
    )
    ours.init_weights()
    expected = theirs.backbone.state_dict()
    assert all(torch.equal(v, expected[k]) for k, v in ours.state_dict().items())


@pytest.mark.parametrize(
    'family, config',
    [
        ('efficientnet-smp', 'unet/unet_efficientnet-b0_1xb8-20k_trash-512x512.py'),
        ('efficientnet', 'bifpn/bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py'),
        ('smp', 'unet/unet_efficientnet-b0_1xb8-20k_trash-512x512.py'),
    ],
)
def test_fits_the_configs(family: str, config: str, project: Path) -> None:
    """All of the file goes into the model; what it has not is named."""
    own = build_model(load_config(project / 'configs' / config, from_scratch=True))
    if family == 'smp':
        theirs = smp.create_model('unet', 'efficientnet-b0', None, classes=21)
        found = fit(CONVERTERS[family](theirs.state_dict()), own.state_dict())
        assert found.new == ['decode_head.conv_seg.weight', 'decode_head.conv_seg.bias']
    else:
        state = CONVERTERS[family](whole('timm', 'b0').state_dict())
        found = fit(state, own.state_dict())
        assert len(found.loaded) == len(state)
        assert all(not key.startswith('backbone.') for key in found.new)
    own.load_state_dict(found.state, strict=False)


def test_refuses_other_depths() -> None:
    state = to_timm(whole('timm', 'b0').state_dict())
    state = {k: v for k, v in state.items() if not k.startswith('blocks.6.')}
    with pytest.raises(CheckpointError, match='is no EfficientNet: 15 blocks'):
        to_lukemelas(state)
