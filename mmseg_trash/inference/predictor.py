"""Stream a data set through a trained model."""

import os
from collections.abc import Iterator, Sequence, Sized
from typing import Any, cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.registry import MODELS
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ..checkpoint import load_model
from ..config import build_dataset
from ..errors import ConfigError

Sample = dict[str, Any]


class Predictor:
    """Predict the images of a data set, each one once and in the data set's order.

    Images are loaded ahead by worker processes; at most a few batches are in memory.
    Within a batch, images of equal shape share a forward pass, so that the batch size
    changes the speed alone.

    Args:
        cfg: A config as :func:`mmseg_trash.config.load_config` gives it.
        checkpoint: The weights.
        device: A torch device; ``'auto'`` takes the GPU if there is one.
        tta: Average over the views of the config's ``tta_pipeline``.
        batch_size: Images per batch; None means 8 on a GPU and 1 on a CPU.
        num_workers: Processes that load images; None means the config's number, at most
            one per core.
        trusted: Allow pickled objects in the checkpoint.

    Raises:
        FileNotFoundError, CheckpointError: The checkpoint cannot be used.
        ConfigError: ``tta`` without ``tta_model`` and ``tta_pipeline`` in the config.
        ValueError: ``batch_size`` is less than 1.
    """

    def __init__(
        self,
        cfg: Config,
        checkpoint: str | os.PathLike[str],
        device: str = 'auto',
        tta: bool = False,
        batch_size: int | None = None,
        num_workers: int | None = None,
        trusted: bool = False,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}')
        for key in ('tta_model', 'tta_pipeline') if tta else ():
            if not cfg.get(key):
                raise ConfigError(f'--tta: the config has no {key}')
        self.cfg = cfg
        self.tta = tta
        self.model: Any = load_model(cfg, checkpoint, device, trusted)
        parameter = next(self.model.parameters())
        self.cuda = parameter.is_cuda
        self.batch_size = batch_size or (8 if self.cuda else 1)
        loader = cfg.get('test_dataloader') or {}
        wanted = loader.get('num_workers', 2) if num_workers is None else num_workers
        self.num_workers = min(wanted, os.cpu_count() or 1)
        # Heads that classify masks hand out probabilities, and say so themselves.
        head = getattr(self.model, 'decode_head', None)
        head = head[-1] if isinstance(head, nn.ModuleList) else head  # of a cascade
        self.gives_probs = getattr(head, 'output', 'logits') == 'probs'
        self.stepper: Any = self.model
        if tta:
            options = dict(cfg.tta_model)
            if self.gives_probs:
                options['outputs'] = 'probs'
            self.stepper = MODELS.build({**options, 'module': self.model})

    def dataset(self, dataset_cfg: dict[str, Any] | None = None) -> Any:
        """Build a data set with the pipeline that the predictor needs.

        Args:
            dataset_cfg: Its config; None takes the config's ``predict_dataset``.

        Returns:
            The data set, in test mode.

        Raises:
            ConfigError: The config has no ``predict_dataset``.
        """
        dataset_cfg = dataset_cfg or self.cfg.get('predict_dataset')
        if not dataset_cfg:
            raise ConfigError('the config has no predict_dataset')
        changed = {**dataset_cfg, 'test_mode': True}
        if self.tta:
            changed['pipeline'] = _without_labels(self.cfg.tta_pipeline)
        return build_dataset(changed)

    def labels(
        self, dataset: Dataset[Sample] | None = None
    ) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Predict label maps.

        Args:
            dataset: What :meth:`dataset` built, or a subset of it; None builds the
                config's ``predict_dataset``.

        Yields:
            ``file_name`` and the label map, H x W uint8 at the image's original size.
        """
        for name, sample in self._samples(dataset):
            label = sample.pred_sem_seg.data
            # One byte per pixel leaves the GPU; logits and int64 stay there.
            yield name, label.reshape(label.shape[-2:]).to(torch.uint8).cpu().numpy()

    def probs(
        self, dataset: Dataset[Sample] | None = None
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Predict class probabilities.

        Args:
            dataset: See :meth:`labels`.

        Yields:
            ``file_name`` and C x H x W float32 at the image's original size, which sum
            to 1 over the classes.

        Raises:
            ConfigError: The config's ``tta_model`` does not keep its averages.
        """
        for name, sample in self._samples(dataset):
            yield name, self._probs_of(sample).float().cpu().numpy()

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Predict the probabilities of the config's ``predict_dataset``."""
        return self.probs()

    def _probs_of(self, sample: Any) -> torch.Tensor:
        if 'seg_probs' in sample:
            return cast(torch.Tensor, sample.seg_probs.data)
        if self.tta:
            kind = self.cfg.tta_model.get('type')
            raise ConfigError(f'tta_model {kind} keeps no seg_probs; use ProbsTTAModel')
        output: torch.Tensor = sample.seg_logits.data
        return output if self.gives_probs else output.float().softmax(dim=0)

    def _samples(self, dataset: Dataset[Sample] | None) -> Iterator[tuple[str, Any]]:
        """Yield file names and the model's samples, still on the device."""
        if dataset is None:
            dataset = self.dataset()
        loader: DataLoader[Sample] = DataLoader(
            dataset,
            batch_size=self.batch_size,
            shuffle=False,
            drop_last=False,
            # Never more processes than there are batches to load.
            num_workers=min(
                self.num_workers, -(-len(cast(Sized, dataset)) // self.batch_size)
            ),
            collate_fn=list,
            pin_memory=self.cuda,
        )
        for batch in loader:
            yield from self._predict(batch)

    def _predict(self, batch: Sequence[Sample]) -> Iterator[tuple[str, Any]]:
        """Run a batch, one forward pass per shape, and yield in the batch's order."""
        shapes: dict[object, list[int]] = {}
        for place, item in enumerate(batch):
            shapes.setdefault(_shape(item), []).append(place)
        done: dict[int, Any] = {}
        for places in shapes.values():
            with torch.inference_mode():
                data = pseudo_collate([batch[place] for place in places])
                done.update(zip(places, self.stepper.test_step(data)))
        for place in range(len(batch)):
            sample = done.pop(place)
            name = sample.metainfo.get('file_name')
            if name is None:
                raise ConfigError("the pipeline's PackSegInputs keeps no 'file_name'")
            yield str(name), sample


def _shape(item: Sample) -> tuple[object, ...]:
    """Return what the images of one forward pass must share: all sizes of all views."""
    inputs, samples = item['inputs'], item['data_samples']
    if isinstance(inputs, torch.Tensor):
        inputs, samples = [inputs], [samples]
    return tuple(
        (tuple(image.shape), tuple(sample.ori_shape))
        for image, sample in zip(inputs, samples)
    )


def _without_labels(pipeline: Sequence[Any]) -> list[Any]:
    """Drop the steps that load the truth, which the images to predict lack."""
    kept = []
    for step in pipeline:
        if step['type'] == 'TestTimeAug':
            views = [
                [t for t in choice if t['type'] != 'LoadLabelMap']
                for choice in step['transforms']
            ]
            step = {**step, 'transforms': [view for view in views if view]}
        if step['type'] != 'LoadLabelMap':
            kept.append(step)
    return kept
