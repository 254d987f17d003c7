"""The contract of Mask2Former's head: training, precision, sizes, arguments."""

import copy
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.config import build_model, load_config
from mmseg_trash.models.layers.mask_classification import mask_targets

pytest.importorskip('transformers')

CLASSES = 5
META = dict(img_shape=(64, 96), ori_shape=(64, 96), pad_shape=(64, 96))


def build(test_cfg: dict[str, Any] | None = None, **head: Any) -> Any:
    """Build a small segmentor over a Swin."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(
            type='SDPASwinTransformer',
            embed_dims=12,
            depths=(1, 1, 1, 1),
            num_heads=(1, 2, 3, 4),
        ),
        decode_head=dict(
            type='HFMask2FormerHead',
            in_channels=[12, 24, 48, 96],
            num_classes=CLASSES,
            channels=64,
            mask_channels=32,
            num_queries=9,
            num_heads=4,
            encoder_layers=1,
            encoder_ffn=48,
            decoder_layers=3,
            decoder_ffn=80,
            num_points=100,
        )
        | head,
        train_cfg=dict(),
        test_cfg=test_cfg or dict(mode='whole'),
    )
    return MODELS.build(ConfigDict(cfg)).eval()


@pytest.fixture(scope='module')
def images() -> Tensor:
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(3))


def samples(ignore_second: bool = False) -> list[SegDataSample]:
    """Return two label maps, the first with ignored rows."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.randint(0, CLASSES, (2, 4, 6), generator=generator)
    labels = labels.repeat_interleave(16, 1).repeat_interleave(16, 2)
    labels[0, :10] = 255
    if ignore_second:
        labels[1] = 255
    return [
        SegDataSample(gt_sem_seg=PixelData(data=label[None]), metainfo=META)
        for label in labels
    ]


@pytest.mark.parametrize('ignored', ['nothing', 'one image', 'everything'])
def test_training_step(images: Tensor, ignored: str) -> None:
    model = build().train()
    data = samples(ignore_second=ignored != 'nothing')
    if ignored == 'everything':
        data = [data[1], data[1]]
    losses = model.loss(images, data)
    total = sum(losses.values())
    total.backward()
    assert torch.isfinite(total)
    assert all(
        p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters()
    )
    if ignored == 'everything':
        assert losses['decode.loss_mask'] == losses['decode.loss_dice'] == 0
        assert losses['decode.loss_cls'] > 0
    else:
        assert all(loss > 0 for loss in losses.values())


def test_bfloat16_leaves_the_pixel_decoder_in_float32(images: Tensor) -> None:
    model = build()
    kinds = []
    model.decode_head.pixel_decoder.register_forward_hook(
        lambda module, args, out: kinds.append((args[0][0].dtype, out[0].dtype))
    )
    with torch.autocast('cpu', torch.bfloat16), torch.no_grad():
        losses = model.loss(images, samples())
        probs = model.encode_decode(images, [META] * 2)
    assert kinds == [(torch.float32, torch.float32)] * 2
    assert torch.isfinite(sum(losses.values()))
    assert probs.dtype == torch.float32


@pytest.mark.parametrize('mode', ['whole', 'slide'])
@pytest.mark.parametrize('size', [(50, 77), (96, 64)])
def test_any_size(mode: str, size: tuple[int, int]) -> None:
    model = build(dict(mode=mode, crop_size=(48, 48), stride=(32, 32)))
    shape = dict(img_shape=size, ori_shape=(61, 40), pad_shape=size)
    with torch.inference_mode():
        out = model.predict(torch.randn(1, 3, *size), [SegDataSample(metainfo=shape)])
    assert out[0].seg_logits.data.shape == (CLASSES, 61, 40)
    assert torch.equal(
        out[0].pred_sem_seg.data[0], out[0].seg_logits.data.argmax(dim=0)
    )
    # a prediction in inference mode leaves nothing behind that training stumbles over
    label = torch.zeros(1, *size, dtype=torch.long)
    data = SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=shape)
    sum(model.loss(torch.randn(1, 3, *size), [data]).values()).backward()


class Stub(nn.Module):
    """A pixel decoder that mixes channels only."""

    def __init__(self, in_channels: list[int], width: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(c, width, 1) for c in in_channels)
        self.mask = nn.Conv2d(width, 32, 1)

    def forward(self, features: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        maps = [layer(x) for layer, x in zip(self.maps, features)]
        return self.mask(maps[0]), maps[:0:-1]


def test_another_pixel_decoder(images: Tensor) -> None:
    model = build(pixel_decoder=dict(type=Stub, width=64))
    assert isinstance(model.decode_head.pixel_decoder, Stub)
    assert torch.isfinite(sum(model.loss(images, samples()).values()))


@pytest.mark.parametrize('wrong', [
    dict(in_channels=[12, 24, 48]),
    dict(num_queries=0),
    dict(channels=96),
    dict(num_points=0),
    dict(importance_sample_ratio=1.5),
])  # fmt: skip
def test_arguments_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        build(**wrong)


def test_few_queries_are_a_warning() -> None:
    with pytest.warns(UserWarning, match='4 queries find at most as many of the 5'):
        build(num_queries=4)


def test_labels_are_checked() -> None:
    with pytest.raises(ValueError, match=r'holds \[5\]; labels are 0 to 4 and 255'):
        mask_targets(torch.tensor([[0, 5, 255]]), CLASSES)


def test_mask_targets() -> None:
    masks, classes = mask_targets(torch.tensor([[3, 255, 1], [1, 1, 3]]), CLASSES)
    assert classes.tolist() == [1, 3]
    assert masks.tolist() == [[[0, 0, 1], [1, 1, 0]], [[1, 0, 0], [0, 0, 1]]]


def test_state_dict_round_trip(images: Tensor) -> None:
    model = build()
    state = copy.deepcopy(model.state_dict())
    # class weights of the loss are no weights of the model
    assert not any('criterion' in key for key in state)
    other = build()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    other.load_state_dict(state)
    with torch.no_grad():
        for a, b in zip(model(images)[1], other(images)[1]):
            assert torch.equal(a, b)


@pytest.mark.parametrize('name, millions', [
    ('swin-t_1xb8-20k_trash-512x512', 47.41),
    ('swin-s_1xb8-20k_trash-512x512', 68.72),
    ('swin-b-w12-384-in22k_1xb8-20k_trash-640x640', 106.89),
    ('swin-l-w12-384-in22k_1xb8-20k_trash-640x640', 215.46),
])  # fmt: skip
def test_parameters_of_the_configs(project: Any, name: str, millions: float) -> None:
    cfg = load_config(project / f'configs/mask2former/mask2former_{name}.py')
    model = build_model(cfg, device='meta')
    found = sum(p.numel() for p in model.parameters()) / 1e6
    assert found == pytest.approx(millions, rel=5e-3)
