"""Label maps of the model that ships, made when they are asked for."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from ..inference.inferencer import TrashInferencer
from ..inference.prediction import Prediction
from ..inference.store import Probs
from ..inference.visualize import Picture
from ..shipped import ShippedModel
from .predictions import Labels, Predictions

KEPT = 16
"""So many images are remembered."""


class ModelPredictions(Predictions):
    """Predictions of a trained model instead of a file.

    Args:
        model: The model.
        names: ``file_name`` of the images.
        picture: Gives the photograph of a name, (H, W, 3) uint8, RGB.
    """

    kind = 'model'

    def __init__(
        self,
        model: ShippedModel,
        names: Sequence[str],
        picture: Callable[[str], Picture],
    ) -> None:
        super().__init__(model.weights, model.classes, names)
        self.config = model.name
        self._picture = picture
        self._inferencer = TrashInferencer(model.config, model.weights)
        self._made: OrderedDict[str, Prediction] = OrderedDict()

    def _predict(self, name: str) -> Prediction:
        if name not in self._made:
            self._made[name] = self._inferencer(self._picture(name), probs=True)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return self._made[name]

    def _read(self, name: str) -> Labels:
        return self._predict(name).label

    def probs(self, name: str) -> Probs | None:
        """Return the probabilities of an image, (C, H, W)."""
        return self._predict(name).probs
