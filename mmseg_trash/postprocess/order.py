"""The one place that fixes the order of what happens to probabilities.

Test-time augmentation and ensemble average probabilities; then come, here::

    post = PostProcess.from_dict(section, classes)   # the YAML section `postprocess:`
    label = post(image, probs, members)              # H x W uint8

CRF, argmax, write-back, clean-up, and the resize to 256, which the submission's writer
does too. ``image`` is the RGB photograph (H x W x 3 uint8), ``probs`` the ensemble's
mean (C x H x W floats), ``members`` the label maps of its members (H x W each).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from .checks import check_probs
from .clean_up import CleanUpParams, clean_up
from .crf_params import CRFParams, crf_preset
from .dense_crf import dense_crf
from .write_back import WriteBackParams, write_back

T = TypeVar('T')


@dataclass(frozen=True)
class PostProcess:
    """The steps behind the ensemble; the defaults are argmax alone.

    Attributes:
        crf: Parameters of the CRF; None leaves it out.
        write_back: When small objects are written back; None leaves it out.
        clean_up: What noise is removed.
        size: Side of the result in pixels, 256 for a submission; None keeps it.
    """

    crf: CRFParams | None = None
    write_back: WriteBackParams | None = None
    clean_up: CleanUpParams = field(default_factory=CleanUpParams)
    size: int | None = None

    @classmethod
    def from_dict(
        cls, section: Mapping[str, Any] | None, classes: Sequence[str] = ()
    ) -> 'PostProcess':
        """Read the section ``postprocess:`` of a recipe.

        Args:
            section: ``crf`` is the name of a preset, or a mapping of the fields of
                `CRFParams` that may start from a ``preset``; ``write_back`` and
                ``clean_up`` are mappings of the fields of their parameters, or true for
                the defaults; ``size`` is a number. What is absent, null or false is
                left out.
            classes: Names of the classes, for a ``clean_up.min_size`` by name.

        Raises:
            ConfigError: A key is unknown or a value wrong; the message names it.
        """
        section = _mapping(section or {}, 'postprocess')
        _refuse_unknown(section, cls, 'postprocess')
        crf, back = section.get('crf'), section.get('write_back')
        noise, size = section.get('clean_up'), section.get('size')
        if size is not None and (type(size) is not int or size < 1):
            raise ConfigError(
                f'postprocess.size: expected a number of pixels, got {size!r}'
            )
        return cls(
            None if crf in (None, False) else _crf(crf),
            None
            if back in (None, False)
            else _params(WriteBackParams, back, 'postprocess.write_back'),
            CleanUpParams() if noise in (None, False) else _clean_up(noise, classes),
            size,
        )

    @property
    def needs_image(self) -> bool:
        """Return whether the photograph is asked for."""
        return self.crf is not None

    @property
    def needs_members(self) -> bool:
        """Return whether the members' label maps are asked for."""
        return self.write_back is not None

    def __call__(
        self,
        image: NDArray[np.uint8] | None,
        probs: NDArray[np.floating],
        members: Sequence[NDArray[np.integer]] | None = None,
        threads: int | None = None,
        device: str | None = None,
    ) -> NDArray[np.uint8]:
        """Turn the probabilities of an ensemble into the label map to hand in.

        Args:
            image: H x W x 3 uint8, RGB; None will do without a CRF.
            probs: C x H x W floats in 0..1 that sum to 1 over the classes, class 0
                being background.
            members: Label maps, H x W, of the members without CRF; None will do without
                write-back.
            threads: See :func:`dense_crf`.
            device: Where the CRF runs by tensor operations, ``cuda`` for instance; None
                is its compiled form on the CPU.

        Returns:
            The label map, uint8: H x W, or ``size`` x ``size``.

        Raises:
            ImportError: The CRF's numba is not installed.
            ValueError: An input is missing or wrong.
        """
        return self.finish(self.refine(image, probs, threads, device), members)

    def refine(
        self,
        image: NDArray[np.uint8] | None,
        probs: NDArray[np.floating],
        threads: int | None = None,
        device: str | None = None,
    ) -> NDArray[np.floating]:
        """Do the first step alone, the CRF; return probabilities, C x H x W."""
        check_probs(probs)
        if not self.crf:
            return probs
        if image is None:
            raise ValueError('the CRF needs the image')
        if device is None:
            return dense_crf(probs, image, self.crf, threads)
        from .dense_crf_torch import dense_crf_on

        return dense_crf_on(device, probs, image, self.crf)

    def finish(
        self,
        probs: NDArray[np.floating],
        members: Sequence[NDArray[np.integer]] | None = None,
    ) -> NDArray[np.uint8]:
        """Do the steps behind the CRF; return the label map."""
        return self.finish_label(probs.argmax(axis=0).astype(np.uint8), members)

    def finish_label(
        self,
        label: NDArray[np.integer],
        members: Sequence[NDArray[np.integer]] | None = None,
    ) -> NDArray[np.uint8]:
        """Do the steps behind argmax, on a label map that was voted on perhaps."""
        if self.write_back:
            if members is None:
                raise ValueError("write-back needs the members' label maps")
            label = write_back(label, members, self.write_back)
        cleaned = clean_up(label, self.clean_up)
        if self.size is None:
            return cleaned
        # Imported late: the metrics package brings the whole framework along.
        from ..metrics.confusion import resize_nearest

        return resize_nearest(cleaned, self.size)


def _crf(section: Any) -> CRFParams:
    """Build the CRF's parameters from a preset's name or a mapping."""
    where = 'postprocess.crf'
    if section is True:
        return CRFParams()
    if isinstance(section, str):
        section = dict(preset=section)
    values = dict(_mapping(section, where))
    name = values.pop('preset', None)
    if name is None:
        return _params(CRFParams, values, where)
    try:
        preset = crf_preset(name)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from error
    return _params(CRFParams, {**vars(preset), **values}, where)


def _clean_up(section: Any, classes: Sequence[str]) -> CleanUpParams:
    """Build the clean-up's parameters; least sizes may stand by class or in a list."""
    where = 'postprocess.clean_up'
    if section is True:
        return CleanUpParams()
    values = dict(_mapping(section, where))
    sizes = values.get('min_size')
    if isinstance(sizes, Mapping):
        unknown = [name for name in sizes if name not in classes]
        if unknown:
            raise ConfigError(
                f'{where}.min_size: {unknown[0]!r} is none of {list(classes)}'
            )
        values['min_size'] = tuple(sizes.get(name, 0) for name in classes)
    elif isinstance(sizes, Sequence) and not isinstance(sizes, str):
        values['min_size'] = tuple(sizes)
    return _params(CleanUpParams, values, where)


def _params(kind: type[T], values: Any, where: str) -> T:
    values = {} if values is True else _mapping(values, where)
    _refuse_unknown(values, kind, where)
    try:
        return kind(**values)
    except (ConfigError, TypeError) as error:
        raise ConfigError(f'{where}: {error}') from error


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f'{where}: expected a mapping, got {value!r}')
    return value


def _refuse_unknown(values: Mapping[str, Any], kind: Any, where: str) -> None:
    known = [entry.name for entry in fields(kind)]
    for key in values:
        if key not in known:
            raise ConfigError(f'{where}.{key}: no such key; there are {known}')
