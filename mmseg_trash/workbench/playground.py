"""Run a config's training pipeline on one image, step by step."""

import inspect
import os
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import build_dataset, load_config
from ..errors import ConfigError
from .recorder import Recorder

Picture = NDArray[np.uint8]
Step = dict[str, Any]
_RANDOM = threading.Lock()


@dataclass(frozen=True)
class Recipe:
    """The training pipeline of a config.

    Attributes:
        config: The config file.
        dataset: The dict of its training data set, without pipeline.
        steps: The steps up to packing.
        packing: The packing steps.
        pieces: Named lists of steps of the config, ``load_pipeline`` and so on.
        nested: Keys from ``train_dataloader.dataset`` down to the data set with the
            pipeline: ``('dataset',)`` inside one wrapper.
    """

    config: Path
    dataset: dict[str, Any]
    steps: tuple[Step, ...]
    packing: tuple[Step, ...]
    pieces: Mapping[str, tuple[Step, ...]]
    nested: tuple[str, ...] = ()


class Donor(NamedTuple):
    """An image that a step took something from: name, RGB picture, label map."""

    name: str
    picture: Picture
    label: Picture


@dataclass(frozen=True)
class Stage:
    """What a step made.

    Attributes:
        step: Its dict.
        picture: (H, W, 3) uint8, RGB; None before an image is loaded or on failure.
        label: (H, W) uint8; None without label map.
        donors: Images that were pasted from.
        error: Why the step failed; nothing comes after it.
    """

    step: Step
    picture: Picture | None = None
    label: Picture | None = None
    donors: tuple[Donor, ...] = ()
    error: str = ''


def read_recipe(
    config: str | os.PathLike[str],
    data_root: str | os.PathLike[str] | None = None,
    ann_file: str | None = None,
) -> Recipe:
    """Read the training pipeline of a config.

    Args:
        config: The config file.
        data_root: Folder of the data, in place of the config's.
        ann_file: JSON to take images and donors from, in place of the config's.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It is no config, or has no training pipeline.
    """
    cfg = load_config(config, data_root=data_root)
    node = (cfg.get('train_dataloader') or {}).get('dataset')
    nested: tuple[str, ...] = ()
    while isinstance(node, Mapping) and 'pipeline' not in node and 'dataset' in node:
        node, nested = node['dataset'], (*nested, 'dataset')
    if not isinstance(node, Mapping) or not node.get('pipeline'):
        raise ConfigError(f'{config}: train_dataloader.dataset has no pipeline')
    dataset = _plain(node)
    steps = dataset.pop('pipeline')
    if ann_file is not None:
        dataset.update(ann_file=ann_file, subset='')
    packing = tuple(step for step in steps if 'Pack' in str(step['type']))
    kept = tuple(step for step in steps if step not in packing)
    pieces = {
        name: tuple(_plain(value))
        for name, value in cfg.items()
        if name.endswith('_pipeline')
        and name != 'train_pipeline'
        and isinstance(value, (list, tuple))
        and all(isinstance(step, Mapping) for step in value)
    }
    return Recipe(Path(config), dataset, kept, packing, pieces, nested)


def open_images(recipe: Recipe) -> Any:
    """Build the training data set of a recipe, without pipeline.

    Raises:
        FileNotFoundError: Its JSON does not exist.
        DataError: The JSON has a fault.
    """
    return build_dataset({**recipe.dataset, 'pipeline': []})


def run_steps(
    dataset: Any,
    index: int,
    steps: Sequence[Step],
    seed: int,
    folders: Sequence[Path] = (),
) -> list[Stage]:
    """Run steps on an image, one after the other.

    Each step has random numbers of its own: changing one leaves those of the others.

    Args:
        dataset: A ``TrashDataset``.
        index: Which image.
        steps: Dicts of transforms, packing left out.
        seed: Seed of the random numbers, not negative.
        folders: Resolved folders in which the image and its donors must lie; none
            allows all.

    Returns:
        What each step made; after a failure there is nothing more.

    Raises:
        DataError: The image lies outside of the folders.
    """
    recorder = Recorder(dataset, tuple(folders))
    recorder.check(index)
    results = {**dataset.get_data_info(index), 'dataset': recorder}
    stages: list[Stage] = []
    with _RANDOM:
        states = random.getstate(), np.random.get_state()
        try:
            for position, step in enumerate(steps):
                random.seed(1000 * seed + position)
                np.random.seed((1000 * seed + position) % 2**32)
                recorder.taken.clear()
                stage, results = _run_step(step, results, recorder, index)
                stages.append(stage)
                if stage.error:
                    break
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
    return stages


def _run_step(
    step: Step, results: dict[str, Any], recorder: Recorder, index: int
) -> tuple[Stage, dict[str, Any]]:
    try:
        done = _build(step)(results)
        if done is None:
            return Stage(step, error='the step dropped the image'), results
        donors = tuple(
            Donor(
                str(recorder.get_data_info(i)['file_name']),
                _rgb(recorder.dataset.load_image(i)),
                recorder.label_map_of(i),
            )
            for i in dict.fromkeys(recorder.taken)
            if i != index
        )
    # Anybody's transform may stand here: how it fails is what there is to see.
    except Exception as error:
        return Stage(step, error=f'{type(error).__name__}: {error}'), results
    image, label = done.get('img'), done.get('gt_seg_map')
    return (
        Stage(
            step,
            None if image is None else _rgb(image),
            None if label is None else np.array(label, np.uint8),
            donors,
        ),
        done,
    )


def _build(step: Step) -> Any:
    """Build a transform that decodes donors afresh, so that they can be shown."""
    from mmseg.registry import TRANSFORMS

    kind = transform_class(str(step.get('type')))
    if 'pool_size' in inspect.signature(kind).parameters:
        step = {**step, 'pool_size': 0}
    return TRANSFORMS.build(dict(step))


def transform_class(name: str) -> Any:
    """Return a registered transform.

    Raises:
        ConfigError: There is none of that name.
    """
    from mmengine.registry import init_default_scope
    from mmseg.registry import TRANSFORMS

    from .. import transforms  # noqa: F401

    init_default_scope('mmseg')
    kind = TRANSFORMS.get(name)
    if kind is None:
        raise ConfigError(f'{name!r} is no registered transform')
    return kind


def _rgb(image: np.ndarray) -> Picture:
    """Return a copy in RGB, uint8; float images are cut to 0..255."""
    if image.dtype != np.uint8:
        image = np.clip(image, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(image[..., ::-1])


def _plain(value: Any) -> Any:
    """Turn config types into dicts and lists."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value
