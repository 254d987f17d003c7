"""A data set that says which images a transform took, and refuses some."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .album import inside


@dataclass
class Recorder:
    """A data set that notes which images a transform decodes.

    Images outside of ``folders``, if there are any, are refused.
    """

    dataset: Any
    folders: tuple[Path, ...] = ()
    taken: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dataset, name)

    def load_image(self, index: int) -> np.ndarray:
        """Decode an image and note its index."""
        self.taken.append(int(index))
        self.check(index)
        return self.dataset.load_image(index)

    def check(self, index: int) -> None:
        """Refuse an image that lies outside."""
        if self.folders:
            inside(Path(self.dataset.get_data_info(index)['img_path']), self.folders)
