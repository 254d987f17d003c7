"""What the command line tells the pages: one environment variable."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ..datasets.categories import CategoryRule
from ..datasets.label_cache import LabelRule
from ..errors import ConfigError
from ..metainfo import CLASSES, CLASSES_COHORT1

VARIABLE = 'MMSEG_TRASH_APP'
DATA_ROOT_VARIABLE = 'TRASH_DATA_ROOT'


@dataclass(frozen=True)
class Settings:
    """What the application shows.

    Attributes:
        data_root: Folder with the JSON files and the images.
        predictions: Submission CSVs, stores and folders of label maps to offer.
        allowed: Further folders in which links of the data root may end.
        configs: Folder of the configs that the playground offers.
        decisions: File of the audit's decisions; empty is ``audit.json`` in the
            data root.
        unknown: What the first cohort's UNKNOWN is, see ``CategoryRule``.
        classes: Class names of one's own; empty takes the usual ones.
    """

    data_root: str
    predictions: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    configs: str = 'configs'
    decisions: str = ''
    unknown: str | None = None
    classes: tuple[str, ...] = ()

    @property
    def rule(self) -> LabelRule:
        """What decides the labels."""
        usual = CLASSES_COHORT1 if self.unknown == 'class' else CLASSES
        return LabelRule(CategoryRule(self.classes or usual, self.unknown))

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where images may lie, links resolved."""
        return tuple(Path(name).resolve() for name in (self.data_root, *self.allowed))

    def export(self) -> None:
        """Hand the settings to the pages."""
        os.environ[VARIABLE] = json.dumps(asdict(self))


def read_settings() -> Settings:
    """Return what `Settings.export` left, else the data root of the environment.

    Raises:
        ConfigError: Neither is set, or the variable is damaged.
        NotADirectoryError: The data root is no folder.
    """
    text = os.environ.get(VARIABLE)
    if text:
        try:
            fields = json.loads(text)
            for name in ('predictions', 'allowed', 'classes'):
                fields[name] = tuple(fields.get(name) or ())
            settings = Settings(**fields)
        except (TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                f'{VARIABLE}: not what tools/app.py writes: {error}'
            ) from error
    elif DATA_ROOT_VARIABLE in os.environ:
        settings = Settings(os.environ[DATA_ROOT_VARIABLE])
    else:
        raise ConfigError(
            'no data root: start with tools/app.py DATA_ROOT or set '
            f'{DATA_ROOT_VARIABLE}'
        )
    if not Path(settings.data_root).is_dir():
        raise NotADirectoryError(f'data root {settings.data_root} is no folder')
    return settings
