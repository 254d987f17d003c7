"""Some maps of smp's encoders, for other necks and heads than smp's."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from mmseg_trash.config import build_model, load_config
from mmseg_trash.models import SMPEncoder, SMPHead

pytest.importorskip('segmentation_models_pytorch')

NAME = 'tu-tf_efficientnet_lite0'
CHANNELS = [3, 16, 24, 40, 112, 320]
WHERE = 'segmentor/segmentor_efficientnet-lite0_1xb8-0.6k_demo-224x224.py'


def encoders(*wanted: tuple[int, ...], **options: int) -> list[SMPEncoder]:
    """Build encoders of the same weights, the first of which gives all maps."""
    torch.manual_seed(0)
    found = [SMPEncoder(NAME, **options).eval()]
    for indices in wanted:
        found.append(SMPEncoder(NAME, out_indices=indices, **options).eval())
        found[-1].load_state_dict(found[0].state_dict())
    return found


@pytest.mark.parametrize('indices', [(2, 3, 4, 5), (5,), (0, 3), [4, 2]], ids=str)
def test_the_chosen_maps_in_their_order(indices: tuple[int, ...]) -> None:
    every, some = encoders(indices)
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        maps, found = every(image), some(image)
    assert [m.shape[1] for m in maps] == every.out_channels == CHANNELS
    assert len(found) == len(indices)
    assert all(torch.equal(m, maps[i]) for i, m in zip(indices, found))


@pytest.mark.parametrize('stride', [32, 16, 8])
def test_maps_end_where_the_image_does(stride: int) -> None:
    """Values are those of the padded image, whose rest heads would squeeze in."""
    options = dict(output_stride=stride, min_size=128)
    every, some = encoders((1, 2, 3, 4, 5), **options)
    image = torch.randn(1, 3, 70, 129)
    with torch.no_grad():
        padded, found = every(image), some(image)
        whole = every(F.pad(image, (0, 31, 0, 58)))
    assert torch.equal(padded[0], image)
    for i, (ours, theirs, alone) in enumerate(zip(found, padded[1:], whole[1:]), 1):
        step = min(2**i, stride)
        assert torch.equal(theirs, alone)
        rows, columns = -(-70 // step), -(-129 // step)
        assert ours.shape[-2:] == (rows, columns)
        assert torch.equal(ours, theirs[..., :rows, :columns])


def test_logits_stand_where_the_pixels_do(project: Path) -> None:
    """A thing's logits do not move when the image is cut to an odd size."""
    name = WHERE.replace('segmentor', 'bifpn')
    model = build_model(load_config(project / 'configs' / name, from_scratch=True))
    model.eval()
    torch.manual_seed(0)
    image = torch.zeros(1, 3, 128, 128)
    image[..., 40:56, 40:56] = torch.randn(1, 3, 16, 16)
    places = []
    for side in (128, 100):
        cut = image[..., :side, :side]
        size = (side, side)
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        with torch.no_grad():
            blank, seen = (model.inference(x, [meta]) for x in (0 * cut, cut))
        change = (seen - blank).abs().sum((0, 1))[:96, :96]
        rows = change.sum(1) / change.sum()
        places.append(float((rows * torch.arange(96.0)).sum()))
    assert abs(places[0] - places[1]) < 2, places


def test_necks_and_heads_get_gradients(project: Path) -> None:
    """Distributed training stops at a parameter that no output needs."""
    for method in ('bifpn', 'segformer'):
        name = WHERE.replace('segmentor', method)
        model = build_model(load_config(project / 'configs' / name, from_scratch=True))
        model.train()
        logits = model(torch.randn(2, 3, 64, 96), mode='tensor')
        assert logits.shape == (2, 11, 16, 24)
        logits.square().mean().backward()
        missing = [n for n, p in model.named_parameters() if p.grad is None]
        assert not missing, missing


@pytest.mark.parametrize('indices', [(), (6,), (-1, 2), (2, 9)], ids=str)
def test_indices_are_checked(indices: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match='out_indices must be some of 0 to 5, got'):
        SMPEncoder(NAME, out_indices=indices)


# Of the classifiers: millions of parameters, and of operations at their own size, as
# their authors give them (EfficientNet-Lite's table; MobileNetV2's paper rounds to 3.4,
# torchvision has 3.504872).
CLASSIFIERS = {
    'tf_efficientnet_lite0': (4.65, 224, 407),
    'tf_efficientnet_lite1': (5.42, 240, 631),
    'tf_efficientnet_lite2': (6.09, 260, 899),
    'mobilenetv2_100': (3.504872, 224, 300),
}


@pytest.mark.parametrize('name', CLASSIFIERS)
def test_encoders_are_the_published_networks(name: str) -> None:
    """All but the last convolution, its norm and the classifier."""
    timm = pytest.importorskip('timm')
    millions, side, operations = CLASSIFIERS[name]
    with torch.device('meta'):
        theirs = timm.create_model(name)
        ours = SMPEncoder(f'tu-{name}')
    total = sum(p.numel() for p in theirs.parameters())
    assert total / 1e6 == pytest.approx(millions, abs=0.005)
    head = [theirs.conv_head, theirs.bn2, theirs.classifier]
    rest = sum(p.numel() for module in head for p in module.parameters())
    assert sum(p.numel() for p in ours.parameters()) == total - rest
    with FlopCounterMode(display=False) as counter:
        theirs.eval()(torch.empty(1, 3, side, side, device='meta'))
    assert counter.get_total_flops() / 2e6 == pytest.approx(operations, rel=0.06)


def test_head_refuses_other_maps() -> None:
    head = SMPHead('fpn', CHANNELS, num_classes=5)
    with torch.no_grad(), pytest.raises((IndexError, ValueError, AssertionError)):
        head(encoders((2, 3, 4, 5))[1](torch.randn(1, 3, 64, 64)))
