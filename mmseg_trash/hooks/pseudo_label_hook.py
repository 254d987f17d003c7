"""Online pseudo labels: unlabelled images and a teacher for each iteration."""

from collections.abc import Iterator, Mapping
from math import exp
from typing import Any

from mmengine.model import is_model_wrapper
from mmseg.registry import HOOKS

from ..errors import ConfigError
from ..pseudo.trained import TrainedImages, file_names
from .averaged_weights_hook import AveragedWeightsHook
from .dataset_parts import parts


def ramp(iteration: int, length: int) -> float:
    """Return the factor on the unlabelled loss, exp(-5 (1 - t)²), 1 from ``length`` on.

    Laine and Aila, "Temporal Ensembling for Semi-Supervised Learning", ICLR 2017,
    arXiv:1610.02242, section 2.

    Args:
        iteration: Number of the iteration, from 0.
        length: Number of iterations that t takes from 0 to 1; 0 for no ramp.
    """
    rest = max(0.0, 1 - iteration / length) if length else 0.0
    return exp(-5 * rest**2)


@HOOKS.register_module()
class PseudoLabelHook(AveragedWeightsHook):
    """Train a ``MeanTeacherEncoderDecoder`` on unlabelled images too.

    The teacher is the moving average that the parent keeps, evaluates (as
    ``teacher/mIoU``) and saves: θ' ← α θ' + (1 - α) θ with α = min(1 - 1/(t + 1), .99)
    after iteration t, as in the ClassMix paper. The unlabelled images have a loader of
    their own, so that the labelled batch is that of any training. They count as images
    with pseudo labels, which later evaluations refuse to score.

    Args:
        dataloader: Of the unlabelled images: no labels are loaded. A resumed run draws
            them in another order.
        ramp_iters: Iterations in which the loss of the unlabelled images grows to its
            full weight, see :func:`ramp`; 0 begins with it.
        momentum: 1 - α.
        prefix: Goes before the metrics of the teacher, with a slash.
        **kwargs: Of the parent.

    Raises:
        ValueError: ``ramp_iters`` is negative.
    """

    def __init__(
        self,
        dataloader: Mapping[str, Any],
        ramp_iters: int = 0,
        momentum: float = 0.01,
        prefix: str = 'teacher',
        **kwargs: Any,
    ) -> None:
        kwargs = dict(ema_type='MomentumAnnealingEMA', gamma=1) | kwargs
        super().__init__(prefix, momentum=momentum, **kwargs)
        if ramp_iters < 0:
            raise ValueError(f'ramp_iters must not be negative, got {ramp_iters}')
        self.dataloader = dataloader
        self.ramp_iters = ramp_iters
        self.trained_images: TrainedImages | None = None
        self._batches: Iterator[Any] | None = None

    def before_train(self, runner: Any) -> None:
        """Build the loader and let the teacher predict.

        Raises:
            ConfigError: The model cannot take unlabelled images.
        """
        super().before_train(runner)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not hasattr(model, 'give'):
            raise ConfigError(
                "PseudoLabelHook needs model.type='MeanTeacherEncoderDecoder', "
                f'got {type(model).__name__}'
            )
        if getattr(model.data_preprocessor, 'batch_augments', None):
            raise ConfigError(
                'PseudoLabelHook mixes the unlabelled images itself; take '
                'batch_augments out of data_preprocessor'
            )
        self._model = model
        loader = runner.build_dataloader(
            dict(self.dataloader), seed=(runner.seed or 0) + runner.iter
        )
        names = [file_names(part) for part in parts(loader.dataset)]
        self.trained_images = TrainedImages(pseudo=frozenset().union(*names), round=1)
        self._batches = _endless(loader)
        self.ema_model.eval()

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Hand unlabelled images and the teacher to the model.

        Args:
            runner: The Runner.
            batch_idx: Number of the batch.
            data_batch: The labelled batch, left as it is.
        """
        assert self._batches is not None
        factor = ramp(runner.iter, self.ramp_iters)
        self._model.give(next(self._batches), self.ema_model.module, factor)

    def after_train(self, runner: Any) -> None:
        """Stop the loader's processes."""
        self._batches = None


def _endless(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader
