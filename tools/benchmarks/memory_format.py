"""Which networks train faster in channels_last: forward and backward, in one run.

Processor time, the least of several turns, so that other work beside it hardly shows.
The ratios decide mmseg_trash/cpu_training.py.
"""

import argparse
import contextlib
import time
from pathlib import Path
from typing import Any

from mmseg_trash import cli

CONFIGS = (
    'smpfpn/smpfpn_efficientnet-lite0_1xb8-20k_trash-512x512.py',
    'unetplusplus/unetplusplus_efficientnet-lite0_1xb8-20k_trash-512x512.py',
    'segformer/segformer_efficientnet-lite0_1xb8-20k_trash-512x512.py',
    'bifpn/bifpn_efficientnet-b0_1xb8-20k_trash-512x512.py',
    'fapn/fapn_resnet-50_1xb8-20k_trash-512x512.py',
    'upernet/upernet_convnext-t_1xb8-20k_trash-512x512.py',
    'ocrnet/ocrnet_hrnet-w18_1xb8-20k_trash-512x512.py',
    'segnext/segnext_mscan-t_1xb8-20k_trash-512x512.py',
    'segformer/segformer_mit-b0_1xb8-20k_trash-512x512.py',
    'upernet/upernet_swin-t_1xb8-20k_trash-512x512.py',
)
ROOT = Path(__file__).resolve().parents[2]


def step(model: Any, inputs: Any, samples: Any, bf16: bool) -> float:
    """Return the processor time of one forward and backward pass."""
    import torch

    from mmseg_trash.optim_wrappers.depthwise import FastDepthwise

    start = time.process_time()
    with contextlib.ExitStack() as stack:
        if bf16:
            stack.enter_context(torch.autocast('cpu', torch.bfloat16))
            stack.enter_context(FastDepthwise())
        losses = model(inputs, samples, mode='loss')
    sum(v.sum() for k, v in losses.items() if 'loss' in k).backward()
    return time.process_time() - start


def measure(config: Path, args: argparse.Namespace) -> list[float]:
    """Return seconds in float32 and in bfloat16, each usual and channels_last."""
    import torch
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    from mmseg_trash.config import build_model, load_config, num_classes

    cfg = load_config(config, from_scratch=True)
    torch.manual_seed(0)
    shape = (args.batch, 3, args.size, args.size)
    inputs = torch.randn(shape)
    samples = []
    for _ in range(args.batch):
        label = torch.randint(num_classes(cfg), (1, args.size, args.size))
        sample = SegDataSample(gt_sem_seg=PixelData(data=label))
        sample.set_metainfo(dict(img_shape=shape[2:], ori_shape=shape[2:]))
        samples.append(sample)
    models: list[Any] = [build_model(cfg) for _ in range(2)]
    models[1].to(memory_format=torch.channels_last)
    turns = [
        [step(m, inputs, samples, bf16) for bf16 in (False, True) for m in models]
        for _ in range(args.rounds)
    ]
    return [min(times) for times in zip(*turns)]


def main(argv: list[str] | None = None) -> None:
    """Print seconds and ratios of each config."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='*', default=CONFIGS)
    parser.add_argument('--size', type=int, default=256)
    parser.add_argument('--batch', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=3)
    args = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    print(f'{"":45} float32  c.last  ratio    bf16  c.last  ratio')
    for name in args.configs:
        usual, last, half, half_last = measure(ROOT / 'configs' / name, args)
        print(
            f'{Path(name).stem.split("_1xb")[0]:45} {usual:7.3f} {last:7.3f} '
            f'{usual / last:6.2f} {half:7.3f} {half_last:7.3f} {half / half_last:6.2f}',
            flush=True,
        )


if __name__ == '__main__':
    cli.run(main)
