"""The rules of the house: size and names of files, direction of imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_LINES = 250
REGISTERED = ('datasets', 'transforms', 'losses', 'metrics', 'models', 'hooks')
REGISTERED += ('loops', 'optim_wrappers', 'optimizers', 'vis_backends')
# Names that are one word however their capitals stand.
WORDS = {
    'IoU': 'Iou',
    'BFloat16': 'Bfloat16',
    'DiNAT': 'Dinat',
    'BEiT': 'Beit',
    'BiFPN': 'Bifpn',
    'FaPN': 'Fapn',
    'DINOv': 'Dinov',
    'EoMT': 'Eomt',
}


def sources(*folders: str) -> list[Path]:
    """Return the Python files that git tracks or would, below some folders."""
    found = [p for folder in folders for p in (ROOT / folder).rglob('*.py')]
    assert found
    return found


def snake(name: str) -> str:
    """Return the file stem that a registered type's name claims."""
    for word, plain in WORDS.items():
        name = name.replace(word, plain)
    name = re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', name)
    return re.sub(r'([a-z\d])([A-Z])', r'\1_\2', name).lower()


def registered(path: Path) -> list[str]:
    """Return the names of the classes that a file registers."""
    return [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.ClassDef)
        and any('register_module' in ast.unparse(d) for d in node.decorator_list)
    ]


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of the modules that a file imports."""
    package = ('mmseg_trash', *path.relative_to(ROOT / 'mmseg_trash').parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield '.'.join((*base, node.module or '')).strip('.')


@pytest.mark.parametrize('word, stem', [
    ('IoUCELoss', 'iou_ce_loss'),
    ('TrashIoUMetric', 'trash_iou_metric'),
    ('SDPAMixVisionTransformer', 'sdpa_mix_vision_transformer'),
    ('BFloat16OptimWrapper', 'bfloat16_optim_wrapper'),
    ('ClassMix', 'class_mix'),
])  # fmt: skip
def test_snake(word: str, stem: str) -> None:
    assert snake(word) == stem


def test_files_are_short() -> None:
    lengths = {
        p.relative_to(ROOT): len(p.read_text(encoding='utf-8').splitlines())
        for p in sources('mmseg_trash', 'tools', 'tests', 'configs')
    }
    assert not {p: n for p, n in lengths.items() if n > MAX_LINES}


def test_one_registered_type_per_file_named_after_it() -> None:
    found = {p: registered(p) for p in sources('mmseg_trash')}
    found = {p: names for p, names in found.items() if names}
    assert len(found) >= 8
    wrong = {
        p.name: names
        for p, names in found.items()
        if len(names) != 1 or snake(names[0]) != p.stem
    }
    assert not wrong


def test_registered_packages_do_not_import_each_other() -> None:
    files = [p for p in sources('mmseg_trash') if registered(p)]
    types = {'.'.join(p.relative_to(ROOT).with_suffix('').parts) for p in files}
    types |= {f'mmseg_trash.{name}' for name in REGISTERED}
    for path in sources('mmseg_trash'):
        package = path.relative_to(ROOT / 'mmseg_trash').parts[0]
        if package not in REGISTERED:
            continue
        for name in imports(path):
            other = name.split('.')[1] if name.startswith('mmseg_trash.') else package
            assert other == package or name not in types, f'{path.name}: {name}'
            assert other != 'inference', f'{path.name}: {name}'


def test_nothing_needs_compiled_operators() -> None:
    for path in sources('mmseg_trash', 'tools'):
        if path.is_relative_to(ROOT / 'mmseg_trash'):
            for name in imports(path):
                assert not name.startswith(('mmcv.ops', 'mmdet')), path.name
        assert 'force=True' not in path.read_text(encoding='utf-8'), path.name


def test_class_names_stand_in_one_place() -> None:
    for path in sources('mmseg_trash', 'configs'):
        if path.name in ('metainfo.py',) or 'toy' in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Tuple, ast.List)):
                names = [e.value for e in node.elts if isinstance(e, ast.Constant)]
                assert not {'Paper pack', 'Styrofoam', 'Plastic bag'} <= set(names), (
                    path
                )


def test_import_of_the_package_is_cheap() -> None:
    code = (
        'import sys, mmseg_trash, mmseg_trash.metainfo;'
        'sys.exit(any(m in sys.modules for m in ("torch", "mmseg", "cv2")))'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
