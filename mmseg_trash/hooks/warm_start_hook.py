"""Begin a run with what fits of another checkpoint."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS

from ..convert.warm_start import warm_start
from ..errors import CheckpointError
from ..model_classes import class_names


@HOOKS.register_module()
class WarmStartHook(Hook):
    """Fit the weights of ``load_from`` to the model and log one summary.

    Without it mmengine loads what it can and prints every name that does not match;
    position tables of other sizes are lost. Where the file says its classes, and they
    are others than the training data's, rows of the classifier are taken by name.
    Resumed runs are left alone. Training adds this hook by itself when there is a
    ``load_from``.

    Args:
        source: Name of the file, for the messages.
    """

    priority = 'HIGHEST'

    def __init__(self, source: str = 'the checkpoint') -> None:
        self.source = source

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Put a state dict that fits the model in the place of the file's.

        Args:
            runner: The Runner.
            checkpoint: What was read; its ``state_dict`` is set.

        Raises:
            CheckpointError: Nothing of it fits.
        """
        if runner._resume:
            return
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        state = checkpoint.get('state_dict', checkpoint.get('model', checkpoint))
        state = {key.removeprefix('module.'): value for key, value in state.items()}
        dataset = getattr(runner.train_dataloader, 'dataset', None)
        ours = (getattr(dataset, 'metainfo', None) or {}).get('classes', ())
        names = (class_names(checkpoint), class_names(dict(meta=dict(classes=ours))))
        try:
            found = warm_start(state, model.state_dict(), classes=names)
        except CheckpointError as error:
            raise CheckpointError(f'{self.source}: {error}') from None
        checkpoint['state_dict'] = found.state
        print_log(f'Start from {self.source}\n{found.summary()}', logger='current')
