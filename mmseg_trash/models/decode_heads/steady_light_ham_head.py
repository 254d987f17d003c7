"""SegNeXt's head with predictions that can be repeated."""

from typing import Any

from mmseg.models.decode_heads.ham_head import LightHamHead
from mmseg.registry import MODELS

from ..layers.steady_nmf import SteadyNMF


@MODELS.register_module()
class SteadyLightHamHead(LightHamHead):
    """Hamburger decoder of SegNeXt (Guo et al. 2022, arXiv:2209.08575).

    Differs from the parent in its matrix decomposition, see :class:`SteadyNMF`: in
    evaluation an image has one prediction. Parameters and their names are the parent's.

    Args:
        ham_channels: Width of the hamburger.
        ham_kwargs: Numbers of the decomposition, as ``NMF2D`` takes them.
        **kwargs: The parent's arguments.
    """

    def __init__(
        self,
        ham_channels: int = 512,
        ham_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        numbers = dict(ham_kwargs or {})
        super().__init__(ham_channels, numbers, **kwargs)
        self.hamburger.ham = SteadyNMF(numbers)
