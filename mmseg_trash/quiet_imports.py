"""Keep remarks that libraries make when they are imported at the level they are meant.

OpenMMLab's packages print, rather than log at DEBUG, that an optional part is absent,
and warn of compiled operators that nothing here uses.
"""

import contextlib
import importlib.machinery
import io
import sys
import types
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder

PRINTED = ('Could not import OneDL',)
WARNED = ('Fail to import ``MultiScaleDeformableAttention``',)
MODULES = frozenset(
    {
        'mmcv.cnn.bricks.transformer',
        'mmpretrain.datasets',
        'mmseg.datasets',
        'mmseg.datasets.transforms',
    }
)
"""The modules that make them."""


class _QuietLoader(Loader):
    """Run a module as its own loader does, without those remarks."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(
        self, spec: importlib.machinery.ModuleSpec
    ) -> types.ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), warnings.catch_warnings():
                for message in WARNED:
                    warnings.filterwarnings('ignore', message)
                self.loader.exec_module(module)
        finally:
            for line in said.getvalue().splitlines():
                if line not in PRINTED:
                    sys.stdout.write(f'{line}\n')


class _QuietFinder(MetaPathFinder):
    """Find those modules, with a loader that is quiet."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in MODULES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _QuietLoader(spec.loader)
        return spec


def install() -> None:
    """Be quiet in this process from now on; a second call changes nothing."""
    if not any(isinstance(finder, _QuietFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _QuietFinder())
