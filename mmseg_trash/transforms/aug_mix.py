"""AugMix: several chains of colour changes, mixed."""

from dataclasses import dataclass

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS

from .photometric import CHANGES, LEVELS, MORE_CHANGES

Chain = list[tuple[str, float]]


@dataclass
class Mixture:
    """What is random about one image.

    Attributes:
        chains: Changes and their levels, in order.
        weights: Of the chains, with sum 1.
        share: Of the mixed image in the result.
    """

    chains: list[Chain]
    weights: np.ndarray
    share: float


@TRANSFORMS.register_module()
class AugMix(BaseTransform):
    """Mix an image with chains of colour changes of itself.

    Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and
    Uncertainty", ICLR 2020, arXiv:1912.02781: ``width`` chains of changes, mixed by
    Dirichlet(alpha), and the mixture mixed with the image by Beta(alpha, alpha). Only
    changes of colour are used, so that the label map stays right. The paper's
    consistency loss is not part of it. It is not what competition code of the trash
    data calls AugMix: that is :class:`ObjectBankPaste`.

    Args:
        prob: Probability that an image is changed.
        severity: Strongest level of a change, up to 10; drawn from U(.1, severity).
        width: Number of chains.
        depth: Fewest and most changes in a chain.
        alpha: Of both distributions.
        all_changes: Whether saturation, contrast, brightness and sharpness are changed
            too, which the paper keeps for its test.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        prob: float = 1.0,
        severity: float = 3.0,
        width: int = 3,
        depth: tuple[int, int] = (1, 3),
        alpha: float = 1.0,
        all_changes: bool = False,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        if not 0.1 <= severity <= LEVELS:
            raise ValueError(f'severity must be in [0.1, {LEVELS}], got {severity}')
        if width < 1:
            raise ValueError(f'width must be at least 1, got {width}')
        if not 1 <= depth[0] <= depth[1]:
            raise ValueError(f'depth must be 1 <= low <= high, got {depth}')
        if alpha <= 0:
            raise ValueError(f'alpha must be positive, got {alpha}')
        self.prob = prob
        self.severity = severity
        self.width = width
        self.depth = depth
        self.alpha = alpha
        self.changes = {**CHANGES, **(MORE_CHANGES if all_changes else {})}

    @cache_randomness
    def draw(self) -> Mixture | None:
        """Draw whether and how to mix; None leaves the image alone."""
        if np.random.random() >= self.prob:
            return None
        weights = np.random.dirichlet([self.alpha] * self.width)
        share = float(np.random.beta(self.alpha, self.alpha))
        names = list(self.changes)
        chains = [
            [
                (
                    names[np.random.randint(len(names))],
                    float(np.random.uniform(0.1, self.severity)),
                )
                for _ in range(np.random.randint(self.depth[0], self.depth[1] + 1))
            ]
            for _ in range(self.width)
        ]
        return Mixture(chains, weights, share)

    def transform(self, results: dict) -> dict:
        """Change ``img``, uint8 (H, W, 3).

        Raises:
            TypeError: If it is of another type: levels are meant for 0..255.
        """
        image = results['img']
        if image.dtype != np.uint8:
            raise TypeError(f'AugMix needs an image of uint8, got {image.dtype}')
        plan = self.draw()
        if plan is None:
            return results
        mixed = image.astype(np.float32)
        mixed *= 1 - plan.share
        for weight, chain in zip(plan.weights, plan.chains):
            changed = image
            for name, level in chain:
                changed = self.changes[name](changed, level)
            mixed += changed * np.float32(plan.share * weight)
        results['img'] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        return results
