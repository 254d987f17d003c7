"""Evaluate a checkpoint with a config's test set and metrics."""

import json
import os

from mmengine.config import Config
from mmengine.dist import is_main_process

from .checkpoint import load_weights, read_checkpoint
from .config import num_classes
from .errors import ConfigError
from .fileio import atomic_write
from .model_classes import check_dataset, class_names
from .pseudo.trained import file_names, refuse_pseudo, trained_images


def gives_probs(cfg: Config) -> bool:
    """Return whether a config's decode head predicts probabilities, not logits."""
    from mmseg.registry import MODELS

    head = cfg.model.get('decode_head') or {}
    head = head[-1] if isinstance(head, (list, tuple)) else head
    return getattr(MODELS.get(head.get('type', '')), 'output', 'logits') == 'probs'


def use_tta(cfg: Config) -> None:
    """Make a config test with its views (``tta_model``, ``tta_pipeline``), in place.

    Raises:
        ConfigError: The config defines no test-time augmentation.
    """
    for key in ('tta_model', 'tta_pipeline'):
        if not cfg.get(key):
            raise ConfigError(f'--tta: the config has no {key}')
    if gives_probs(cfg):
        cfg.tta_model.outputs = 'probs'
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.tta_model.module = cfg.model
    cfg.tta_model.module.data_preprocessor = cfg.data_preprocessor
    cfg.model = cfg.tta_model


def evaluate(
    cfg: Config, checkpoint: str | os.PathLike[str], trusted: bool = False
) -> dict[str, float]:
    """Run a config's test loop with the weights of a checkpoint.

    Images that the model was trained on with pseudo labels are refused, unless the
    config says ``default_hooks.trained_images.allow_pseudo=True``.

    Args:
        cfg: A config; its test data set, loop and metrics are used.
        checkpoint: The file with the weights.
        trusted: Allow pickled objects in the file.

    Returns:
        The metrics, as ``TrashIoUMetric`` names them.

    Raises:
        FileNotFoundError, CheckpointError: The checkpoint cannot be used, or predicts
            other classes than the test data set has.
        DataError: Its model was trained with pseudo labels on images to score.
    """
    from mmengine.runner import Runner

    from .hooks.dataset_parts import parts

    content = read_checkpoint(checkpoint, trusted=trusted)
    state = content['state_dict']
    # The weights are loaded here, not by the Runner, which only warns when they do not
    # fit; a model that is evaluated half loaded gives figures that mean nothing.
    cfg.load_from = None
    cfg.resume = False
    wrapped = 'module' in cfg.model
    classes = num_classes(Config(dict(model=cfg.model.module)) if wrapped else cfg)
    runner = Runner.from_cfg(cfg)
    model = getattr(runner.model, 'module', runner.model)
    if wrapped and hasattr(model, 'module'):
        model = model.module
    load_weights(model, state, str(checkpoint), classes, class_names(content))
    dataset = runner.test_loop.dataloader.dataset
    check_dataset(content, dataset, str(checkpoint))
    seen = trained_images(content, str(checkpoint))
    allowed = cfg.get('default_hooks', {}).get('trained_images', {})
    if seen and seen.pseudo and not allowed.get('allow_pseudo'):
        for part in parts(dataset):
            refuse_pseudo(seen, file_names(part), str(checkpoint))
    return {key: float(value) for key, value in runner.test().items()}


def write_metrics(metrics: dict[str, float], path: str | os.PathLike[str]) -> None:
    """Write metrics as JSON, from the main process alone.

    Args:
        metrics: Names and values.
        path: The file to make.
    """
    if not is_main_process():
        return
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + '\n', encoding='utf-8')
