"""Make a shipped model of a trained checkpoint: float16, and checked."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch import Tensor

from .. import __version__
from ..checkpoint import load_model, load_weights, read_checkpoint
from ..config import build_model, load_config, num_classes
from ..errors import CheckpointError, ConfigError
from ..export.card import digest
from ..export.parity import probe_images
from ..export.source import dataset_meta
from ..export.weights import pick_weights
from ..fileio import atomic_write
from ..inference.inferencer import read_picture
from ..inference.loading import pack_arrays
from ..inference.pipelines import without_labels
from ..model_classes import class_names
from ..pseudo.trained import trained_by_any
from ..tensors import write_tensors
from . import ShippedModel, shipped_model
from .card import model_card
from .portable import config_text, portable_config

AUTO, TRAINED = 'auto', 'none'
MAX_MB = 13.0
_UNUSED = ('auxiliary_head.', 'decode_head.loss')
_AVERAGE = '_state_dict'


@dataclass(frozen=True)
class Check:
    """How far the stored model is from the trained one, on one photograph.

    Attributes:
        image: Name of the photograph, ``drawn`` for one that was made up.
        largest_difference: Of two outputs of the network (logits, or probabilities of
            heads that give these).
        largest_output: Largest absolute value of the trained network's, to compare.
        equal_pixels: Share of the pixels with the same label, from 0 to 1.
    """

    image: str
    largest_difference: float
    largest_output: float
    equal_pixels: float


def publish(
    config: str | os.PathLike[str],
    checkpoint: str | os.PathLike[str],
    name: str,
    out: str | os.PathLike[str],
    licence_file: str | os.PathLike[str],
    facts: Mapping[str, Any] | None = None,
    average: str = AUTO,
    photo: str | os.PathLike[str] | None = None,
    trusted: bool = False,
    cfg_options: Mapping[str, Any] | None = None,
    max_mb: float = MAX_MB,
) -> tuple[ShippedModel, Check]:
    """Write a model's weights, config, facts, card and licence, and read them again.

    Args:
        config: The config that it was trained with.
        checkpoint: The trained checkpoint.
        name: Stem of the files.
        out: Their folder; they appear in it when all of them are right.
        licence_file: The text that becomes ``LICENSE``.
        facts: Further facts: ``licence``, ``data``, ``scores``, ``temperature``.
        average: The average of the checkpoint to take: ``ema``, ``swa``, ``none`` for
            the trained weights; ``auto`` takes the average if there is one.
        photo: Photograph to compare on; None draws one.
        trusted: Allow pickled objects in the checkpoint.
        cfg_options: Overrides of the config.
        max_mb: Size of the weights that is refused, in MB.

    Returns:
        The model as it was read again, and how far it is from the trained one.

    Raises:
        FileNotFoundError, CheckpointError, ConfigError, DataError: Something does not
            fit, the weights are too large, or do not bear float16.
    """
    if not name.replace('-', '').replace('_', '').isalnum():
        raise ConfigError(f'--name {name!r}: expected letters, digits, - and _')
    text = Path(licence_file).read_text(encoding='utf-8')
    content = read_checkpoint(checkpoint, trusted)
    taken = find_average(content, str(checkpoint), average)
    state = pick_weights(content, str(checkpoint), taken)
    cfg = load_config(config, cfg_options, from_scratch=True)
    model: Any = build_model(cfg)
    load_weights(model, state, str(checkpoint), num_classes(cfg), class_names(content))
    found = (content.get('meta') or {}).get('dataset_meta')
    meta = dataset_meta(cfg, found)
    plain = portable_config(cfg)
    own = build_model(Config(plain)).state_dict()
    half = to_half(without_unused(state, own, str(checkpoint)), str(checkpoint))
    size = sum(value.numel() * value.element_size() for value in half.values()) / 1e6
    if size > max_mb:
        raise CheckpointError(
            f'{checkpoint}: its weights take {size:.1f} MB as float16, more than '
            f'--max-mb {max_mb:g}'
        )
    source = dict(
        config=Path(config).stem,
        checkpoint=digest(checkpoint),
        weights=f'{taken}{_AVERAGE}' if taken else 'state_dict',
    )
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix='.publish-') as stage:
        draft = Path(stage)
        weights = draft / f'{name}.safetensors'
        seen = trained_by_any([content], [str(checkpoint)])
        write_tensors(weights, half, dict(dataset_meta=meta, **source, **seen))
        title = f'{name}: written by tools/publish_model.py, complete in itself.'
        (draft / f'{name}.py').write_text(config_text(plain, title), encoding='utf-8')
        told: dict[str, Any] = dict(
            name=name,
            sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
            megabytes=round(weights.stat().st_size / 1e6, 2),
            parameters=sum(p.numel() for p in half.values() if p.is_floating_point()),
            stored_as='float16',
            classes=meta['classes'],
            **source,
            mmseg_trash=__version__,
            **{key: value for key, value in (facts or {}).items() if value is not None},
        )
        facts_file = draft / f'{name}.json'
        facts_file.write_text(json.dumps(told), encoding='utf-8')
        check = compare(model, shipped_model(name, draft), photo)
        told['check'] = asdict(check)
        facts_file.write_text(json.dumps(told, indent=2) + '\n', encoding='utf-8')
        (draft / 'README.md').write_text(model_card(told), encoding='utf-8')
        (draft / 'LICENSE').write_text(text, encoding='utf-8')
        for file in sorted(draft.iterdir()):
            with atomic_write(folder / file.name) as temporary:
                shutil.copyfile(file, temporary)
    return shipped_model(name, folder), check


def find_average(content: Mapping[str, Any], file: str, wanted: str) -> str | None:
    """Return the prefix of the average to take, None for the trained weights.

    Args:
        content: What ``read_checkpoint`` gives.
        file: The checkpoint, for the message.
        wanted: See :func:`publish`.

    Raises:
        CheckpointError: ``auto`` finds several averages.
    """
    if wanted != AUTO:
        return None if wanted == TRAINED else wanted
    there = [key.removesuffix(_AVERAGE) for key in content if key.endswith(_AVERAGE)]
    if len(there) > 1:
        raise CheckpointError(f'{file}: has several averages; choose by --average of '
                              f'{", ".join(there)}, {TRAINED}')  # fmt: skip
    return there[0] if there else None


def without_unused(
    state: Mapping[str, Tensor], own: Mapping[str, Tensor], file: str
) -> dict[str, Tensor]:
    """Return the tensors that prediction uses: a whole state dict of ``own``'s names.

    Raises:
        CheckpointError: Others are left than those of auxiliary heads and losses.
    """
    strange = [k for k in state if k not in own and not k.startswith(_UNUSED)]
    if strange:
        raise CheckpointError(f'{file}: {strange[0]}: unknown to the model')
    return {key: state[key] for key in own}


def to_half(state: Mapping[str, Tensor], file: str) -> dict[str, Tensor]:
    """Return floating tensors as float16, integers as they are.

    Raises:
        CheckpointError: A value is not finite, or too large for float16.
    """
    found = {}
    for key, value in state.items():
        half = value.half() if value.is_floating_point() else value
        if not torch.isfinite(half).all():
            largest = float(value.abs().max())
            raise CheckpointError(
                f'{file}: {key}: its largest value is {largest:g}, which float16 '
                'cannot hold (65504)'
            )
        found[key] = half.clone()
    return found


def compare(
    model: Any, stored: ShippedModel, photo: str | os.PathLike[str] | None = None
) -> Check:
    """Predict a photograph with the trained model and with the stored one.

    Args:
        model: The trained segmentor.
        stored: The files.
        photo: The photograph; None draws one of the size of the training crops.
    """
    cfg = load_config(stored.config)
    if photo is None:
        name, size = 'drawn', tuple(cfg.get('crop_size') or (512, 512))
        picture = probe_images((1, *size))[0].transpose(1, 2, 0)
    else:
        name, picture = Path(photo).name, read_picture(photo)[1]
    pipeline = without_labels(cfg.predict_dataset.pipeline)
    bgr = np.ascontiguousarray(picture[..., ::-1])
    ((item,),) = pack_arrays([(name, bgr)], pipeline, 1)
    outputs = []
    networks: list[Any] = [model.eval().cpu(), load_model(cfg, stored.weights, 'cpu')]
    for network in networks:
        with torch.inference_mode():
            (sample,) = network.test_step(pseudo_collate([item]))
        outputs.append(sample.seg_logits.data.float())
    first, second = outputs
    equal = (first.argmax(0) == second.argmax(0)).float().mean()
    largest = float((first - second).abs().max())
    return Check(name, largest, float(first.abs().max()), float(equal))
