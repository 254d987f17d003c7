"""tools/serve.py as a process, from the first line to SIGTERM."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from mmseg_trash.config import build_model, load_config
from mmseg_trash.inference.inferencer import TrashInferencer

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/segformer/segformer_mit-b0-scratch_1xb8-1k_toy-128x128.py'


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('RUN_SLOW'), reason='set RUN_SLOW=1')
def test_a_config_is_served(toy_root: Path, tmp_path: Path) -> None:
    pytest.importorskip('starlette')
    pytest.importorskip('uvicorn')
    from .server import Client

    torch.manual_seed(0)
    model: Any = build_model(load_config(CONFIG, from_scratch=True))
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=0.5)
    weights = tmp_path / 'b0.pth'
    torch.save(dict(state_dict=model.state_dict()), weights)
    photograph = sorted(toy_root.rglob('*.jpg'))[0]
    expected = TrashInferencer(CONFIG, weights, 'cpu')(photograph).areas
    command = [sys.executable, str(ROOT / 'tools/serve.py'), str(CONFIG), str(weights)]
    options = ['--port', '0', '--device', 'cpu', '--threads', '1']
    with subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            told = (re.search(r'127.0.0.1:(\d+)', line) for line in process.stderr)
            port = next(int(found[1]) for found in told if found)
            answer = Client(port).ask('/segment?output=areas', photograph.read_bytes())
            assert answer.status == 200
            found = {area['name']: area['pixels'] for area in answer.json['areas']}
            assert found == {name: area.pixels for name, area in expected.items()}
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in (0, -signal.SIGTERM)
        finally:
            process.kill()
