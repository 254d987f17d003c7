"""Export a config's model with a checkpoint, and check the file against the model."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..checkpoint import load_weights, read_checkpoint
from ..config import build_model, num_classes
from ..errors import CheckpointError, ConfigError
from ..model_classes import class_names
from ..pseudo.trained import trained_by_any
from .capture import LEVELS, MULTIPLE, capture, write_onnx, write_program
from .card import Card, digest
from .graph import ProbabilityGraph
from .parity import largest_difference
from .runtime import ExportedModel
from .source import dataset_meta, resize_rule
from .weights import pick_weights, write_weights

TOLERANCE = 1e-3
# of mmcv and timm; tracers write sizes behind many of them as endless formulas
_PADS_BY_SIZE = ('Conv2dAdaptivePadding', 'Conv2dSame')


@dataclass(frozen=True)
class Done:
    """What came of an export.

    Attributes:
        path: The file.
        dynamic: What may change in it, one of `LEVELS`; empty for weights alone.
        difference: Largest difference of two probabilities, None for weights alone.
    """

    path: Path
    dynamic: str = ''
    difference: float | None = None


class Exporter:
    """A model that is to be exported, perhaps to several files.

    Args:
        cfg: Its config.
        checkpoint: The weights; None keeps those of ``model``.
        average: Take this average of the checkpoint (``ema``), see
            :func:`pick_weights`.
        trusted: Allow pickled objects in the checkpoint.
        model: The segmentor, if it is built already.

    Raises:
        FileNotFoundError, CheckpointError: The checkpoint cannot be used.
        ConfigError: The config does not fit it.
    """

    def __init__(
        self,
        cfg: Config,
        checkpoint: str | os.PathLike[str] | None,
        average: str | None = None,
        trusted: bool = False,
        model: Any = None,
    ) -> None:
        self.cfg = cfg
        self.model: Any = model or build_model(cfg)
        self.source: dict[str, Any] = dict(
            config=Path(cfg.filename or '').stem,
            checkpoint='',
            weights=f'{average}_state_dict' if average else 'state_dict',
        )
        found = None
        self._seen: dict[str, Any] = {}
        if checkpoint is not None:
            content = read_checkpoint(checkpoint, trusted)
            state = pick_weights(content, str(checkpoint), average)
            names, number = class_names(content), num_classes(cfg)
            load_weights(self.model, state, str(checkpoint), number, names)
            found = (content.get('meta') or {}).get('dataset_meta')
            self.source['checkpoint'] = digest(checkpoint)
            self._seen = trained_by_any([content], [str(checkpoint)])
        self.meta: dict[str, Any] = dataset_meta(cfg, found)
        self._programs: dict[tuple[int, int, str], Any] = {}
        self.model.eval()

    def weights(self, path: str | os.PathLike[str]) -> Done:
        """Write the weights alone, see :func:`write_weights`."""
        state = self.model.state_dict()
        write_weights(path, state, **self.meta, source={**self.source, **self._seen})
        return Done(Path(path))

    def graph(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] | None = None,
        dynamic: str = 'auto',
        tolerance: float = TOLERANCE,
        report: Callable[[str], None] = print,
    ) -> Done:
        """Write ``.onnx`` or ``.pt2`` and compare it with the model.

        Args:
            path: The file; it appears after the comparison alone.
            size: (H, W) of the images; None is the window, or the training crop.
            dynamic: What may change afterwards, one of `LEVELS`; ``auto`` takes the
                first that works, and does not try sizes where batches do not.
            tolerance: Largest difference of two probabilities.
            report: Is told why a level does not work.

        Raises:
            ConfigError: The size is not possible.
            CheckpointError: No level works; the message has the reasons.
        """
        card, graph = self._card(size), ProbabilityGraph(self.model).eval()
        fixed = self._fixed_size(card)
        if dynamic == 'size' and fixed:
            raise ConfigError(f'--dynamic size: {fixed}')
        levels = list(LEVELS) if dynamic == 'auto' else [dynamic]
        if dynamic == 'auto' and (fixed or not self._takes_batches(graph, card)):
            levels.remove('size')
        reasons = []
        for level in levels:
            try:
                return self._write(Path(path), graph, card, level, tolerance)
            except CheckpointError as error:
                reasons.append(f'{level}: {error}')
                report(f'not with dynamic {reasons[-1]}')
        raise CheckpointError(f'{path}: cannot be exported; {"; ".join(reasons)}')

    def _takes_batches(self, graph: ProbabilityGraph, card: Card) -> bool:
        """Return whether the batch may change; without that, nothing else may.

        Networks that compute with the batch as a number do so with sizes too, and a
        tracer can follow that for hours.
        """
        try:
            self._capture(graph, card, 'batch')
        except CheckpointError:
            return False
        return True

    def _capture(self, graph: ProbabilityGraph, card: Card, level: str) -> Any:
        """Capture once for all files.

        Raises:
            CheckpointError: See :func:`capture`.
        """
        key = (card.height, card.width, level)
        if key not in self._programs:
            try:
                self._programs[key] = capture(graph, *key)
            except CheckpointError as error:
                self._programs[key] = error
        if isinstance(self._programs[key], CheckpointError):
            raise self._programs[key]
        return self._programs[key]

    def _fixed_size(self, card: Card) -> str:
        """Return why the model's graph has one size; empty if it may have others."""
        if card.slide:
            return f'windows have the size {card.height} x {card.width}'
        for name, module in self.model.named_modules():
            if type(module).__name__ in _PADS_BY_SIZE:
                return f'{name} pads by the size of its input, as do many others'
        return ''

    def _write(
        self,
        path: Path,
        graph: ProbabilityGraph,
        card: Card,
        level: str,
        tolerance: float,
    ) -> Done:
        sizes = level == 'size'
        card = replace(card, dynamic=level, multiple=MULTIPLE if sizes else 1)
        program = self._capture(graph, card, level)
        writer = write_onnx if path.suffix == '.onnx' else write_program
        draft = path.with_name(f'.draft-{path.name}')
        try:
            writer(draft, program, card)
            run = ExportedModel(draft, device='cpu').run
            shapes = [(1, card.height, card.width)]
            if level != 'none':
                shapes.append((3, card.height, card.width))
            if sizes:
                shapes.append((2, card.height + MULTIPLE, card.width + 3 * MULTIPLE))
            try:
                worst = largest_difference(run, self.model, graph.gives_probs, shapes)
            except Exception as error:
                line = str(error).strip().splitlines()[0][:200]
                raise CheckpointError(f'the file does not run: {line}') from error
            if worst > tolerance:
                raise CheckpointError(
                    f'its probabilities differ by {worst:.1e}, more than {tolerance}'
                )
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return Done(path, level, worst)

    def _card(self, size: tuple[int, int] | None) -> Card:
        test_cfg = self.model.test_cfg or {}
        slide = test_cfg.get('mode', 'whole') == 'slide'
        if slide:
            window = tuple(test_cfg['crop_size'])
            if size not in (None, window):
                raise ConfigError(f'--size {size}: the model has windows of {window}')
            stride = tuple(test_cfg['stride'])
        else:
            window = size or tuple(self.cfg.get('crop_size') or (512, 512))
            stride = tuple(max(side * 2 // 3, 1) for side in window)
        wrong = [side for side in window if side < MULTIPLE or side % MULTIPLE]
        if wrong and not slide:
            raise ConfigError(f'--size {window}: expected multiples of {MULTIPLE}')
        graph = ProbabilityGraph(self.model)
        scale, keep_ratio, divisor = resize_rule(self.cfg)
        return Card(
            **self.meta,
            mean=[float(v) for v in graph.mean.flatten()],
            std=[float(v) for v in graph.std.flatten()],
            height=int(window[0]),
            width=int(window[1]),
            stride=[int(s) for s in stride],
            slide=slide,
            linear=graph.gives_probs,
            align_corners=bool(self.model.align_corners),
            scale=scale,
            keep_ratio=keep_ratio,
            divisor=divisor,
            **self.source,
        )
