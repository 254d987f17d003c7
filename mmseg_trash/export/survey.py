"""Which method of the zoo goes where: its smallest network is exported and compared."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from mmengine.config import Config
from mmengine.logging import MMLogger
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..config import build_model, load_config
from ..errors import CheckpointError, ConfigError
from ..fileio import atomic_write
from .parity import probe_images
from .write import Exporter

KINDS = ('.onnx', '.pt2')
SIDE = 128
BEGIN, END = '<!-- exports:begin -->', '<!-- exports:end -->'

Row = dict[str, dict[str, Any]]

_BACKBONES = {'segformer': 'mit'}


def smallest(metafile: Path) -> Path:
    """Return a method's config with the fewest parameters, relative to the project.

    A method that is a backbone as much as a head is taken with its own.
    """
    models = yaml.safe_load(metafile.read_text(encoding='utf-8'))['Models']
    own = f'{metafile.parent.name}_{_BACKBONES.get(metafile.parent.name, "")}'
    trash = [m for m in models if '_trash-' in m['Name'] and m['Name'].startswith(own)]
    least = min(trash, key=lambda model: model['Metadata']['Parameters'])
    return Path(least['Config'])


def survey_config(path: Path) -> Config:
    """Load a config with windows and images of `SIDE` pixels, which are quick."""
    cfg = load_config(path, from_scratch=True)
    cfg.crop_size = (SIDE, SIDE)
    if (cfg.model.get('test_cfg') or {}).get('mode') == 'slide':
        cfg.model.test_cfg.update(crop_size=(SIDE, SIDE), stride=(85, 85))
    return cfg


def lively_model(cfg: Config, seed: int = 0) -> Any:
    """Build a network from scratch whose predictions differ from place to place.

    A comparison of flat predictions would find no fault.

    Args:
        cfg: A config.
        seed: Of the weights.

    Returns:
        A segmentor in evaluation mode, with statistics of batch norms from drawn
        images, and logits of deviation 2.
    """
    torch.manual_seed(seed)
    MMLogger.get_current_instance().setLevel('WARNING')  # initial values of each layer
    model: Any = build_model(cfg, init=True).eval()
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.train()
        # Half the drawn images', half the initial ones: channels that hardly vary would
        # be enlarged so much that float32 itself errs by 1e-3.
        norm.momentum = 0.5
    images = torch.from_numpy(probe_images((4, SIDE, SIDE), seed)).float() / 64 - 2
    meta = [dict(ori_shape=(SIDE, SIDE), img_shape=(SIDE, SIDE))]
    with torch.no_grad():
        model.encode_decode(images, meta)
        model.eval()
        output = model.encode_decode(images, meta)
        head = model.decode_head
        head = head[-1] if isinstance(head, nn.ModuleList) else head
        if getattr(head, 'output', 'logits') == 'logits':
            layer = getattr(head, 'conv_seg', None)
            spread = (output - output.mean((0, 2, 3), keepdim=True)).std()
            if layer is not None and spread > 0:
                layer.weight.mul_(2 / spread)
    return model


def examine(path: Path, report: Callable[[str], None] = print) -> Row:
    """Export one config to every kind of file.

    Args:
        path: The config.
        report: Is told of each step.

    Returns:
        For each of `KINDS` ``dynamic`` and ``difference``, or ``reason``.
    """
    cfg = survey_config(path)
    exporter = Exporter(cfg, None, model=lively_model(cfg))
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in reversed(KINDS):
            try:
                done = exporter.graph(Path(folder) / f'model{kind}', report=report)
                found = dict(dynamic=done.dynamic, difference=done.difference)
            except (CheckpointError, ConfigError) as error:
                found = dict(reason=str(error).split('; none: ')[-1])
            report(f'{path.stem} {kind}: {found}')
            row[kind] = found
    return row


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the survey as Markdown: a line for each method."""
    lines = [
        '| Method | Smallest network | ONNX | Difference | `.pt2` | Difference |',
        '| --- | --- | --- | ---: | --- | ---: |',
    ]
    for method, row in sorted(rows.items()):
        cells = [method, row['config']]
        for kind in KINDS:
            found = row[kind]
            if 'reason' in found:
                cells += [f'no: {found["reason"]}', '']
            else:
                cells += [found['dynamic'], f'{found["difference"]:.0e}']
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def write_table(page: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the table between its marks in a page.

    Raises:
        ConfigError: The page lacks the marks.
    """
    text = page.read_text(encoding='utf-8')
    if BEGIN not in text or END not in text:
        raise ConfigError(f'{page}: lacks {BEGIN} and {END}')
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with atomic_write(page) as temporary:
        body = f'{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}'
        temporary.write_text(body, encoding='utf-8')


def read_rows(file: Path) -> dict[str, Any]:
    """Return what the survey found so far."""
    if not file.is_file():
        return {}
    return dict(json.loads(file.read_text(encoding='utf-8')))


def write_rows(file: Path, rows: Mapping[str, Any]) -> None:
    """Keep what the survey found."""
    with atomic_write(file) as temporary:
        text = json.dumps(dict(sorted(rows.items())), indent=1) + '\n'
        temporary.write_text(text, encoding='utf-8')
