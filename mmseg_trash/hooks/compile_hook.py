"""Compile parts of the network for training."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS

from ..errors import ConfigError


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile some of the model's modules by ``torch.compile`` while it trains.

    mmengine's ``compile`` hands the whole training step, the optimiser too, to the
    compiler, which current PyTorch refuses. Here it gets modules alone. Names in
    checkpoints stay as they are, and evaluations, whose images have many sizes, run
    uncompiled. ``compile=True`` or ``compile=dict(...)`` in a config of
    ``tools/train.py`` adds this hook.

    Args:
        parts: Names of modules, dots lead inside. They must be called as modules:
            mmseg's heads call their own ``forward``, so that ``decode_head`` itself
            would stay as it is, unlike what is in it. Names that a model lacks are left
            out, one at least must be there.
        **options: Of ``torch.compile``, such as ``backend``, ``mode`` and ``dynamic``.
    """

    # Before the averaged weights are evaluated.
    priority = 'HIGHEST'

    def __init__(
        self, parts: Sequence[str] = ('backbone', 'neck'), **options: Any
    ) -> None:
        if isinstance(parts, str) or not parts:
            raise ValueError(f'parts must be a list of names, got {parts!r}')
        self.parts = tuple(parts)
        self.options = options

    def before_train(self, runner: Any) -> None:
        """Mark the modules; each is compiled when it is first called.

        Raises:
            ConfigError: The model has none of them.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        modules = dict(model.named_modules())
        found = [name for name in self.parts if name in modules]
        if not found:
            raise ConfigError(
                f'CompileHook.parts: {type(model).__name__} has no '
                f'{" or ".join(map(repr, self.parts))}'
            )
        for name in found:
            modules[name].compile(**self.options)
        print_log(
            f'Compile {", ".join(found)}; the first iterations take their time',
            logger='current',
        )

    def before_val_epoch(self, runner: Any) -> None:
        """Run uncompiled."""
        torch.compiler.set_stance('force_eager')

    def after_val_epoch(
        self, runner: Any, metrics: dict[str, float] | None = None
    ) -> None:
        """Go back to what is compiled."""
        torch.compiler.set_stance('default')
