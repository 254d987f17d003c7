"""The trained model that comes with the package: config, weights, facts, licence.

Importing this imports neither torch nor the files; ``tools/publish_model.py`` writes
them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError

NAME = 'trash-fpn-lite2'
"""Which model is used where none is named: the only place where that stands."""

FOLDER = Path(__file__).parent
"""Where its files lie."""


@dataclass(frozen=True)
class ShippedModel:
    """A trained model whose files are there and whole.

    Attributes:
        name: Its name, the stem of its files.
        config: A config of its own, without bases.
        weights: The weights, float16.
        facts: What is known about it: ``sha256`` of the weights, ``classes``,
            ``licence``, ``data``, ``scores``, ...
    """

    name: str
    config: Path
    weights: Path
    facts: Mapping[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its classes; the index is the label."""
        return tuple(map(str, self.facts['classes']))

    @property
    def notice(self) -> str:
        """One line that says which model is used when none was named."""
        licence = self.facts.get('licence')
        under = f', weights under {licence}' if licence else ''
        return (
            f'no model was named: using {self.name}, which ships with mmseg_trash '
            f'({len(self.classes)} classes{under})'
        )


def shipped_model(name: str, folder: Path | None = None) -> ShippedModel:
    """Find a shipped model and check its files.

    Args:
        name: Its name.
        folder: Where the files lie; None takes the package's own folder.

    Returns:
        The model; its weights have the checksum that its facts state.

    Raises:
        CheckpointError: A file is missing or damaged, or the weights are others.
    """
    place = FOLDER if folder is None else folder
    config, weights, facts = (
        place / f'{name}{suffix}' for suffix in ('.py', '.safetensors', '.json')
    )
    for file in (facts, config, weights):
        if not file.is_file():
            raise CheckpointError(
                f'{file}: is missing, so that there is no model to use by itself; '
                'name a config and a checkpoint, or install mmseg_trash anew'
            )
    try:
        found = json.loads(facts.read_text(encoding='utf-8'))
        expected, classes = found['sha256'], found['classes']
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f'{facts}: expected JSON with sha256 and classes ({error!r})'
        ) from error
    if not isinstance(classes, list) or not classes:
        raise CheckpointError(f'{facts}: classes must be a list, got {classes!r}')
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != expected:
        raise CheckpointError(
            f'{weights}: is another file or damaged: SHA-256 {digest}, expected '
            f'{expected} ({facts.name}); install mmseg_trash anew'
        )
    return ShippedModel(name, config, weights, found)


def default_model() -> ShippedModel:
    """Return the model that is used where none is named, see :func:`shipped_model`."""
    return shipped_model(NAME)
