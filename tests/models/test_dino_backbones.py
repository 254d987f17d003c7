"""DINOv2 and DINOv3 as backbones: sizes, freezing, checkpointing, weights."""

import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

import mmseg_trash.models  # noqa: F401
from mmseg_trash.convert.download import cached_name, read_address
from mmseg_trash.errors import CheckpointError

transformers = pytest.importorskip('transformers')
safetensors = pytest.importorskip('safetensors.torch')

SMALL = dict(embed_dims=24, num_layers=3, num_heads=2)
KINDS: list[dict[str, Any]] = [
    dict(type='DINOv2', img_size=70),
    dict(type='DINOv2', img_size=70, num_registers=2),
    dict(type='DINOv3', rope_rescale=None),
]
NAMES = ['v2', 'v2 with registers', 'v3']


def build(**cfg: Any) -> nn.Module:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model: nn.Module = MODELS.build({**SMALL, **cfg})
    return model


@pytest.mark.parametrize('kind, size, millions', [
    ('DINOv2', (384, 12, 6), 22.06),
    ('DINOv2', (768, 12, 12), 86.58),
    ('DINOv2', (1024, 24, 16), 304.37),
    ('DINOv3', (384, 12, 6), 21.6),
    ('DINOv3', (768, 12, 12), 85.7),
    ('DINOv3', (1024, 24, 16), 303.1),
])  # fmt: skip
def test_parameters_are_the_papers(kind: str, size: tuple, millions: float) -> None:
    cfg = dict(zip(SMALL, size))
    with torch.device('meta'):
        model = build(type=kind, **cfg)
    found = sum(p.numel() for p in model.parameters()) / 1e6
    assert found == pytest.approx(millions, rel=5e-4)
    (only,) = model(torch.empty(1, 3, 512, 512, device='meta'))
    side = 37 if kind == 'DINOv2' else 32
    assert tuple(only.shape) == (1, size[0], side, side)


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
def test_any_size_is_enlarged_to_whole_patches(cfg: dict[str, Any]) -> None:
    model = build(**cfg, out_indices=(1, 2)).eval()
    patch = model.patch_size
    image = torch.randn(2, 3, 50, 97)
    whole = (-(-50 // patch) * patch, -(-97 // patch) * patch)
    larger = F.interpolate(image, whole, mode='bilinear')
    with torch.no_grad():
        found, expected = model(image), model(larger)
    assert [m.shape for m in found] == [
        (2, 24, whole[0] // patch, whole[1] // patch)
    ] * 2
    for a, b in zip(found, expected):
        assert torch.equal(a, b)


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
def test_frozen(cfg: dict[str, Any]) -> None:
    model = build(**cfg, frozen=True)
    model.train()
    assert not any(m.training for m in model.modules())
    (out,) = model(torch.randn(1, 3, 64, 64))
    assert not out.requires_grad
    assert not any(p.requires_grad for p in model.parameters())
    with pytest.raises(ValueError, match='frozen=True'):
        build(**cfg, frozen=True, open_blocks=1)


def gradients(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    sum(m.square().mean() for m in model(image)).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters()}


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
def test_every_parameter_learns_and_checkpointing_changes_nothing(
    cfg: dict[str, Any],
) -> None:
    model = build(**cfg, out_indices=(0, 2))
    image = torch.randn(1, 3, 48, 80)
    expected = gradients(model, image)
    calls: list[int] = []
    model.layers[1].register_forward_pre_hook(lambda *_: calls.append(1))
    model.with_cp = True
    found = gradients(model, image)
    assert len(calls) == 2
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, msg=name)
        # a shift of all keys changes no softmax
        assert gradient.abs().sum() > 0 or name.endswith('key.bias'), name


def test_rotations_are_rescaled_in_training_only() -> None:
    model = build(type='DINOv3')
    image = torch.randn(1, 3, 64, 64)
    one, other = (model.positions(image)['position_embeddings'][0] for _ in range(2))
    assert not torch.equal(one, other)
    model.eval()
    one, other = (model.positions(image)['position_embeddings'][0] for _ in range(2))
    assert torch.equal(one, other)


def test_drop_path_grows() -> None:
    model = build(type='DINOv2', img_size=70, drop_path_rate=0.2)
    rates = [layer.drop_path.drop_prob for layer in model.layers]
    assert rates == [0, pytest.approx(0.1), pytest.approx(0.2)]


@pytest.mark.parametrize('cfg', KINDS, ids=NAMES)
def test_bfloat16(cfg: dict[str, Any]) -> None:
    model = build(**cfg)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        (out,) = model(torch.randn(1, 3, 64, 48))
    out.float().square().mean().backward()
    assert out.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters())


@pytest.fixture
def weights(tmp_path: Path) -> tuple[Path, nn.Module]:
    """Write a DINOv2 as Hugging Face publishes it."""
    config = transformers.Dinov2Config(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=2, image_size=70
    )
    model = transformers.Dinov2Model(config)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    safetensors.save_file(model.state_dict(), tmp_path / 'model.safetensors')
    return tmp_path / 'model.safetensors', model.eval()


def test_init_cfg_reads_safetensors(weights: tuple[Path, nn.Module]) -> None:
    file, theirs = weights
    init = dict(type='Pretrained', checkpoint=str(file))
    model = build(type='DINOv2', img_size=70, init_cfg=init)
    model.init_weights()
    image = torch.randn(1, 3, 70, 70)
    with torch.no_grad():
        (found,) = model.eval()(image)
        last = theirs(image).last_hidden_state[:, 1:]
    torch.testing.assert_close(found.flatten(2).mT, last, atol=1e-5, rtol=1e-5)
    # other patches, other table, no last norm
    model = build(
        type='DINOv2', img_size=64, patch_size=16, final_norm=False, init_cfg=init
    )
    model.init_weights()
    assert torch.equal(
        model.layers[2].norm1.weight, theirs.encoder.layer[2].norm1.weight
    )
    deeper = build(type='DINOv2', img_size=70, num_layers=4, init_cfg=init)
    with pytest.raises(CheckpointError, match=r'layers\.3\.norm1\.weight: missing'):
        deeper.init_weights()


def test_addresses_are_kept_apart_and_read_once(
    weights: tuple[Path, nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    calls: list[str] = []

    def copy(address: str, target: str, progress: bool) -> None:
        calls.append(address)
        if 'gated' in address:
            raise HTTPError(address, 401, 'Unauthorized', None, None)  # type: ignore
        shutil.copy(weights[0], target)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', copy)
    addresses = [f'https://host/{name}/model.safetensors' for name in 'ab']
    assert len({cached_name(a) for a in addresses}) == 2
    for address in [*addresses, addresses[0]]:
        assert len(read_address(address)) == len(weights[1].state_dict())
    assert calls == addresses
    with pytest.raises(CheckpointError, match=r'401.*init_cfg\.checkpoint'):
        read_address('https://host/gated/model.safetensors')


def test_refuses() -> None:
    with pytest.raises(ValueError, match=r'out_indices \[3\] of 3 blocks'):
        build(type='DINOv3', out_indices=[3])
    with pytest.raises(ValueError, match='open_blocks must be 0 to 2, got 3'):
        build(type='DINOv3', open_blocks=3)


@pytest.mark.parametrize('kind', ['DINOv2', 'DINOv3'])
def test_names_the_extra_without_transformers(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(ImportError, match=rf'{kind} needs.*mmseg_trash\[optional\]'):
        build(type=kind)
