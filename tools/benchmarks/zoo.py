"""Measure the zoo's networks: images per second and peak memory of inference.

Writes docs/speeds.json, which tools/model_zoo.py shows in the tables. What was measured
before on the same device stays, so that the zoo can be measured in parts.
"""

import argparse
import json
import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

from mmseg_trash import cli

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / 'docs/speeds.json'


def measure(config: Path, device: str, rounds: int) -> dict[str, float]:
    """Predict one image of the config's crop several times.

    Returns:
        Images per second by the least time, and the most MiB held beyond weights and
        input.
    """
    import torch

    from mmseg_trash.config import build_model, load_config
    from mmseg_trash.config_name import parse
    from mmseg_trash.measure import peak_memory, seconds

    cfg = load_config(config, from_scratch=True)
    model = build_model(cfg, device).eval()
    image = torch.randn(1, 3, *parse(config).crop_size, device=device)

    def step() -> None:
        with torch.inference_mode():
            model(image, mode='tensor')

    step()
    best = min(seconds(step, device) for _ in range(rounds))
    memory = peak_memory(step, device)
    return dict(images_per_second=round(1 / best, 3), memory_mib=round(memory, 1))


def device_name(device: str) -> str:
    """Say on what was measured: device, threads, versions, date."""
    import torch

    if device == 'cuda':
        name = torch.cuda.get_device_name()
    else:
        info = Path('/proc/cpuinfo')
        text = info.read_text(encoding='utf-8') if info.is_file() else ''
        lines = [line for line in text.splitlines() if line.startswith('model name')]
        name = lines[0].split(':')[1].strip() if lines else platform.machine()
        count = torch.get_num_threads()
        name += f', {count} thread' + 's' * (count > 1)
    return f'{name}, float32, torch {torch.__version__.split("+")[0]}, {date.today()}'


def main(argv: list[str] | None = None) -> None:
    """Measure the configs that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='*', type=Path, help='default: all plain ones')
    parser.add_argument('--most', type=float, default=1e9, help='parameters, millions')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    args = parser.parse_args(argv)
    os.environ.setdefault('KINETO_LOG_LEVEL', '99')  # read when torch is imported
    import yaml

    from mmseg_trash.config_name import parse
    from mmseg_trash.fileio import atomic_write
    from mmseg_trash.launch import quiet

    quiet()
    sizes: dict[str, float] = {}
    for file in ROOT.glob('configs/*/metafile.yml'):
        for model in yaml.safe_load(file.read_text(encoding='utf-8'))['Models']:
            sizes[model['Name']] = model['Metadata']['Parameters'] / 1e6
    found = args.configs or sorted(ROOT.glob('configs/[!_]*/*_trash-*.py'))
    if not args.configs:
        found = [p for p in found if not parse(p).tags]
    found = [p for p in found if sizes.get(p.stem, 0) <= args.most]
    name = device_name(args.device)
    content: dict[str, Any] = dict(device=name, rows={})
    if OUT.is_file():
        known = json.loads(OUT.read_text(encoding='utf-8'))
        if known['device'] == name:
            content = known
    for config in found:
        row = measure(config, args.device, args.rounds)
        content['rows'][config.stem] = row
        print(f'{config.stem:70} {row}', flush=True)
        rows = dict(sorted(content['rows'].items()))
        with atomic_write(OUT) as temporary:
            text = json.dumps(dict(device=name, rows=rows), indent=1)
            temporary.write_text(text + '\n', encoding='utf-8')


if __name__ == '__main__':
    cli.run(main)
