"""Prepare a config for the machine it runs on: work_dir, devices, AMP, a short run."""

import os
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from .config_file import walk
from .cpu_training import fit_to_processors, use_channels_last
from .errors import ConfigError, DataError
from .provenance import provenance
from .start_files import check_start_files

DEBUG_ITERATIONS = 20
DEBUG_IMAGES = 8


def prepare_work_dir(cfg: Config, config_file: str, work_dir: str | None) -> Path:
    """Choose a config's work_dir and make sure that it can be written.

    Args:
        cfg: The config; its ``work_dir`` is set.
        config_file: The config's file, whose stem names the default folder.
        work_dir: What the command line says; it wins over the config.

    Returns:
        The folder, which exists.

    Raises:
        DataError: The folder cannot be made or written.
    """
    name = cfg.get('fold') or ''
    folder = Path(config_file).stem + (f'_fold{name}' if name else '')
    path = Path(work_dir or cfg.get('work_dir') or Path('work_dirs', folder))
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f'.write-test-{os.getpid()}'
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataError(f'work_dir {path}: cannot be written: {error}') from error
    cfg.work_dir = str(path)
    return path


def use_amp(cfg: Config) -> None:
    """Turn a config's optimiser wrapper into a mixed-precision one, in place.

    bfloat16 where the device knows it (every CPU, GPUs since Ampere), else float16 with
    a loss scale.

    Raises:
        ConfigError: The config's wrapper is of an unknown kind.
    """
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind in ('AmpOptimWrapper', 'BFloat16OptimWrapper'):
        return
    if kind != 'OptimWrapper':
        raise ConfigError(f'--amp: cannot turn optim_wrapper.type {kind!r} into AMP')
    if torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.loss_scale = 'dynamic'
    else:
        cfg.optim_wrapper.type = 'BFloat16OptimWrapper'


def prepare_distributed(cfg: Config, launcher: str) -> None:
    """Make a launched run work without a GPU.

    mmengine selects a CUDA device unconditionally and hands it to DDP. Without
    a GPU the process group is therefore opened here, on gloo, and DDP gets no device.
    SyncBN exists on GPUs alone, so BatchNorm then keeps each process's own statistics.

    Args:
        cfg: The config, changed in place when there is no GPU.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Raises:
        ConfigError: A launcher other than ``'pytorch'`` without a GPU.
    """
    if launcher == 'none' or torch.cuda.is_available():
        return
    if launcher != 'pytorch':
        raise ConfigError(
            f'--launcher {launcher}: without a GPU only "pytorch" (torchrun) works'
        )
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
    cfg.setdefault('model_wrapper_cfg', {})
    cfg.model_wrapper_cfg.update(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        device_ids=None,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    cfg.sync_bn = None
    cfg.env_cfg.setdefault('dist_cfg', {})['backend'] = 'gloo'


def _limit(node: dict[str, Any], images: int) -> None:
    if node.get('indices') is None:
        node['indices'] = images


def shorten(cfg: Config, iterations: int = DEBUG_ITERATIONS) -> None:
    """Cut a config down to a run of two minutes that takes every step of the long one.

    Few iterations, a batch of two, no workers, a handful of images; model, pipeline,
    losses and metrics stay as they are.

    Args:
        cfg: The config, changed in place.
        iterations: Number of training iterations.
    """
    cfg.train_cfg.update(max_iters=iterations, val_interval=iterations)
    cfg.default_hooks.logger.update(interval=max(1, iterations // 10))
    cfg.default_hooks.checkpoint.update(interval=iterations)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if loader is None:
            continue
        loader.update(num_workers=0, persistent_workers=False)
        loader.pop('prefetch_factor', None)
        loader.batch_size = min(loader.get('batch_size', 1), 2)
        for node in walk(loader.dataset):
            if 'ann_file' in node:
                _limit(node, DEBUG_IMAGES)


def quiet() -> None:
    """Hide warnings of the stack that a user can do nothing about."""
    for text in (
        'Fail to import ``MultiScaleDeformableAttention``',
        'The torchvision.datapoints',
        'Default ``avg_non_ignore`` is False',
        '`torch.jit.',
        '.*lr_scheduler.step.*before.*optimizer.step',
    ):
        warnings.filterwarnings('ignore', message=text)


def prepare_resume(cfg: Config, resume: str | None) -> None:
    """Set where a run goes on from.

    Args:
        cfg: The config, changed in place.
        resume: None for a new run, ``'auto'`` for the newest checkpoint of the
            work_dir, else a checkpoint's path.

    Raises:
        FileNotFoundError: There is no such checkpoint.
    """
    if resume is None:
        return
    cfg.resume = True
    if resume == 'auto':
        cfg.load_from = None
        return
    if not Path(resume).is_file():
        raise FileNotFoundError(f'{resume}: no such checkpoint')
    cfg.load_from = resume


def run_training(cfg: Config, trusted: bool = False) -> None:
    """Build the Runner of a config and train to the end.

    The config is given its ``provenance``, for the logs and the dumped config, and its
    ``trackers`` become backends of the visualizer, its ``compile`` and
    ``channels_last`` hooks, and without a GPU it is fitted to the processors. When
    training raises, hooks with a method ``after_failure(runner, error)`` are told, and
    the backends are closed, so that the last numbers are kept.

    Args:
        cfg: The config.
        trusted: Allow pickled objects in the checkpoints that it starts from. Only for
            files of known origin.

    Raises:
        CheckpointError: A local file that it starts from (``load_from``, the newest of
            the work_dir, an ``init_cfg``) is no checkpoint or holds pickled objects, or
            nothing of ``load_from`` fits, see
            :class:`~mmseg_trash.hooks.WarmStartHook`.
    """
    from mmengine.runner import Runner

    start = cfg.get('load_from')
    if not trusted:
        check_start_files(cfg)
    if os.environ.get('RANK', '0') == '0':
        cfg.provenance = provenance(cfg)
    add_trackers(cfg)
    use_compile(cfg)
    use_channels_last(cfg)
    fit_to_processors(cfg)
    runner = Runner.from_cfg(cfg)
    if start and not cfg.get('resume'):
        from .hooks import WarmStartHook

        runner.register_hook(WarmStartHook(start))
    try:
        runner.train()
    except BaseException as error:
        tell_failure(runner, error)
        raise


def use_compile(cfg: Config) -> None:
    """Turn a config's ``compile`` into a ``CompileHook``, in place.

    Raises:
        ConfigError: It is neither True or False nor the hook's arguments.
    """
    options = cfg.pop('compile', None)
    if not isinstance(options, (bool, dict, type(None))):
        raise ConfigError(
            f'compile must be True, False or a dict of arguments, got {options!r}'
        )
    if options or isinstance(options, dict):
        hook = {'type': 'CompileHook', **(options if isinstance(options, dict) else {})}
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]


def add_trackers(cfg: Config) -> None:
    """Add a config's ``trackers`` to its visualizer's backends, in place."""
    if not cfg.get('trackers'):
        return
    backends = cfg.visualizer.vis_backends
    # a dumped config has them already
    known = {backend['type'] for backend in backends}
    new = [tracker for tracker in cfg.trackers if tracker['type'] not in known]
    cfg.visualizer.vis_backends = [*backends, *new]


def tell_failure(runner: Any, error: BaseException) -> None:
    """Tell hooks and visualizer that a training failed; raises nothing itself."""
    told = [h.after_failure for h in runner.hooks if hasattr(h, 'after_failure')]
    for tell in [*(partial(t, runner, error) for t in told), runner.visualizer.close]:
        try:
            tell()
        except Exception as other:
            runner.logger.warning('after the failure: %s', type(other).__name__)
