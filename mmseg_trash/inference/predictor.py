"""Stream images through a trained model."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from numpy.typing import NDArray
from torch import Tensor

from ..checkpoint import load_model
from ..config import build_dataset, load_config
from ..errors import ConfigError
from ..export.graph import gives_probs
from ..model_classes import check_dataset
from .engine import Engine, Windows
from .fused_segformer_head import fuse
from .loading import Failure, Loaded, Sample, load_batches, pack_arrays
from .pipelines import plan_of_config, plan_of_views, without_labels, without_resize
from .views import ViewSet

DTYPES = dict(float32=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)
Batches = Iterable[list[Sample | Failure]]


class Predictor:
    """Predict images, each one once and in the order in which they come.

    Worker processes load images ahead, two batches each. Views of equal shape share a
    forward pass, across the images of a batch, so that the batch size changes the speed
    and the memory alone: C x H x W float32 for each image of a batch and its views
    together, and one forward pass of ``batch_size`` inputs. With ``window`` see
    :class:`~.engine.Engine`.

    Args:
        config: A config as :func:`mmseg_trash.config.load_config` gives it, or its
            file.
        checkpoint: The weights.
        device: A torch device; ``'auto'`` takes the GPU if there is one.
        tta: Average over views: True for those of the config's ``tta_pipeline``, else
            names as :meth:`~.views.View.parse` reads them, or a ``ViewSet``.
        batch_size: Images per batch, and inputs per forward pass; None means 8 on a GPU
            and 1 on a CPU.
        num_workers: Processes that load images; None means the config's number, at most
            one per core.
        trusted: Allow pickled objects in the checkpoint.
        dtype: Precision of the forward pass: ``float32``, ``bf16`` or ``fp16``.
        window: Take images in their own size, in windows of so many pixels.
        overlap: Least share of a window that the next one covers.
        half_accumulators: Keep the sums over windows in float16, in half the memory.
        compile: Compile the backbone: True, or the name of a ``torch.compile`` backend.

    Raises:
        FileNotFoundError, CheckpointError: The checkpoint cannot be used.
        ConfigError: ``tta`` names no views, or the config defines none.
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        config: Config | str | os.PathLike[str],
        checkpoint: str | os.PathLike[str],
        device: str = 'auto',
        tta: bool | Sequence[str] | ViewSet = False,
        batch_size: int | None = None,
        num_workers: int | None = None,
        trusted: bool = False,
        dtype: str = 'float32',
        window: int | None = None,
        overlap: float = 0.5,
        half_accumulators: bool = False,
        compile: bool | str = False,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}')
        if dtype not in DTYPES:
            raise ValueError(f'dtype must be one of {[*DTYPES]}, got {dtype!r}')
        if window is not None and (window < 1 or not 0 <= overlap < 1):
            raise ValueError(
                f'window must be at least 1 and overlap lie in [0, 1), '
                f'got {window} and {overlap}'
            )
        if not isinstance(config, Config):
            config = load_config(config, from_scratch=True)
        self.cfg, self.checkpoint = config, str(checkpoint)
        self.windows = None
        if window is not None:
            half = torch.float16 if half_accumulators else torch.float32
            self.windows = Windows(window, overlap, half)
        self.tta = tta if isinstance(tta, (bool, ViewSet)) else ViewSet.from_names(tta)
        looks = self._plan([dict(type='LoadTrashImage')])[1]
        self.model: Any = load_model(self.cfg, checkpoint, device, trusted)
        if compile:
            backend = compile if isinstance(compile, str) else 'inductor'
            model: Any = self.model
            model.backbone = torch.compile(model.backbone, backend=backend)
        self.cuda = next(self.model.parameters()).is_cuda
        self.batch_size = batch_size or (8 if self.cuda else 1)
        usual = (self.cfg.get('test_dataloader') or {}).get('num_workers', 2)
        self.num_workers = usual if num_workers is None else num_workers
        told = (self.cfg.get('tta_model') or {}).get('outputs')
        self.gives_probs = told == 'probs' if told else gives_probs(self.model)
        fuse(self.model)
        self.engine = Engine(
            self.model,
            looks,
            self.tta.mean if isinstance(self.tta, ViewSet) else 'probs',
            self.gives_probs,
            self.batch_size,
            DTYPES[dtype],
            self.windows,
        )

    def _plan(self, pipeline: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return the pipeline that gives the views' sizes, and the looks at them."""
        if self.tta is True:
            if self.windows is not None:
                raise ConfigError(
                    "--window takes images in their own size, the config's views do "
                    'not; name views instead'
                )
            for key in ('tta_model', 'tta_pipeline'):
                if not self.cfg.get(key):
                    raise ConfigError(f'--tta: the config has no {key}')
            kind = self.cfg.tta_model.get('type')
            if kind not in ('ProbsTTAModel', 'SegTTAModel'):
                raise ConfigError(f'--tta: tta_model {kind!r}, expected ProbsTTAModel')
            return plan_of_config(self.cfg.tta_pipeline)
        views = self.tta or ViewSet.from_names(['plain'])
        if self.windows is not None:
            pipeline = without_resize(pipeline)
        return plan_of_views(pipeline, views)

    def dataset(self, dataset_cfg: Mapping[str, Any] | None = None) -> Any:
        """Build a data set with the pipeline that the predictor needs.

        Args:
            dataset_cfg: Its config; None takes the config's ``predict_dataset``.

        Returns:
            The data set, in test mode.

        Raises:
            ConfigError: The config has no ``predict_dataset``.
            CheckpointError: The model predicts other classes.
        """
        dataset_cfg = dataset_cfg or self.cfg.get('predict_dataset')
        if not dataset_cfg:
            raise ConfigError('the config has no predict_dataset')
        pipeline = self._plan(dataset_cfg['pipeline'])[0]
        found = build_dataset({**dataset_cfg, 'test_mode': True, 'pipeline': pipeline})
        meta = getattr(self.model, 'dataset_meta', None)
        check_dataset(dict(meta=meta), found, self.checkpoint)
        return found

    def labels(
        self, dataset: Any = None, failures: dict[str, Exception] | None = None
    ) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Predict label maps.

        Args:
            dataset: What :meth:`dataset` built, or a subset of it; None builds the
                config's ``predict_dataset``.
            failures: Gathers the images that cannot be loaded, by ``file_name``, and
                leaves them out; None raises at the first one.

        Yields:
            ``file_name`` and the label map, H x W uint8 at the image's original size.

        Raises:
            DataError, FileNotFoundError: An image cannot be loaded.
        """
        for name, label in self._run(self._load(dataset), self.engine.labels, failures):
            # One byte per pixel leaves the GPU; the averages stay there.
            yield name, label.cpu().numpy()

    def probs(
        self, dataset: Any = None, failures: dict[str, Exception] | None = None
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Predict class probabilities.

        Args:
            dataset: See :meth:`labels`.
            failures: See :meth:`labels`.

        Yields:
            ``file_name`` and C x H x W float32 at the image's original size, which sum
            to 1 over the classes.

        Raises:
            DataError, FileNotFoundError: An image cannot be loaded.
        """
        for name, probs in self._run(self._load(dataset), self.engine.probs, failures):
            yield name, probs.cpu().numpy()
            del probs  # or it would be held while the next one is made

    def probs_of_arrays(
        self, images: Iterable[tuple[str, NDArray[np.uint8]]]
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Predict images that are in memory, as frames of a video are.

        Args:
            images: Names and (H, W, 3) uint8 BGR.

        Yields:
            See :meth:`probs`.

        Raises:
            ConfigError: The config has no ``predict_dataset``, whose pipeline is used.
            ValueError: An image is no such array.
        """
        dataset_cfg = self.cfg.get('predict_dataset')
        if not dataset_cfg:
            raise ConfigError('the config has no predict_dataset')
        pipeline = self._plan(dataset_cfg['pipeline'])[0]
        batches = pack_arrays(images, without_labels(pipeline), self.batch_size)
        for name, probs in self._run(batches, self.engine.probs, None):
            yield name, probs.cpu().numpy()
            del probs

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Predict the probabilities of the config's ``predict_dataset``."""
        return self.probs()

    def _load(self, dataset: Any) -> Batches:
        dataset = self.dataset() if dataset is None else dataset
        return load_batches(dataset, self.batch_size, self.num_workers, self.cuda)

    def _run(
        self,
        batches: Batches,
        predict: Callable[[Sequence[Loaded]], Iterator[Tensor]],
        failures: dict[str, Exception] | None,
    ) -> Iterator[tuple[str, Tensor]]:
        for batch in batches:
            names, images = [], []
            for item in batch:
                if isinstance(item, Failure):
                    if failures is None:
                        raise item.error
                    failures[item.name] = item.error
                    continue
                images.append(Loaded.of(item))
                names.append(images[-1].name)
            found = predict(images)
            for name in names:  # zip would hold one while the next is made
                yield name, next(found)
