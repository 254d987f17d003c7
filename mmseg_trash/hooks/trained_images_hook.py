"""Write into checkpoints which images a model has seen."""

from typing import Any

from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from ..pseudo.trained import (
    KEY,
    TrainedImages,
    file_names,
    images_of,
    refuse_pseudo,
    trained_images,
)
from .dataset_parts import parts


@HOOKS.register_module()
class TrainedImagesHook(Hook):
    """Keep the ``file_name`` of all training images in the checkpoints' ``meta``.

    ``meta['trained_images']`` has the images with true labels, those with pseudo labels
    and the highest round of these; what a checkpoint that training starts from says is
    added. Evaluation and pseudo labelling refuse images by it. Validating on images
    with pseudo labels is refused before the first iteration.

    Args:
        allow_pseudo: Score images with pseudo labels nevertheless.
    """

    priority = 'HIGH'

    def __init__(self, allow_pseudo: bool = False) -> None:
        self.allow_pseudo = allow_pseudo
        self.seen = TrainedImages()

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Take over what a checkpoint's model has seen.

        Args:
            runner: The Runner.
            checkpoint: What training starts from or goes on with.
        """
        self.seen |= trained_images(checkpoint, 'load_from') or TrainedImages()

    def before_train(self, runner: Any) -> None:
        """Collect the images, those of other hooks' loaders too.

        Args:
            runner: The Runner; hooks may tell further images as ``trained_images``.

        Raises:
            DataError: Images with pseudo labels are among those to validate on.
        """
        self.seen |= images_of(parts(runner.train_loop.dataloader.dataset))
        for hook in runner.hooks:
            further = getattr(hook, 'trained_images', None)
            if isinstance(further, TrainedImages):
                self.seen |= further
        if runner.val_loop is not None and not self.allow_pseudo and self.seen.pseudo:
            for part in parts(runner.val_loop.dataloader.dataset):
                refuse_pseudo(self.seen, file_names(part), 'this training')

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Add the images to ``meta``.

        Args:
            runner: The Runner.
            checkpoint: What is about to be saved.
        """
        checkpoint.setdefault('meta', {})[KEY] = self.seen.to_meta()
