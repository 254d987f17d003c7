"""Time and peak memory of stock and fused attention, backbone alone, in one run."""

import argparse
import os
from typing import Any

from mmseg_trash import cli

BACKBONES: dict[str, tuple[str, dict[str, Any]]] = {
    'mit-b0': ('MixVisionTransformer', dict(embed_dims=32, num_layers=[2, 2, 2, 2])),
    'mit-b2': ('MixVisionTransformer', dict(embed_dims=64, num_layers=[3, 4, 6, 3])),
    'mit-b5': ('MixVisionTransformer', dict(embed_dims=64, num_layers=[3, 6, 40, 3])),
    'swin-t': ('SwinTransformer', dict(depths=(2, 2, 6, 2))),
    'swin-l-w12': (
        'SwinTransformer',
        dict(
            embed_dims=192,
            depths=(2, 2, 18, 2),
            num_heads=(6, 12, 24, 48),
            window_size=12,
        ),
    ),
}
MIT_HEADS: dict[str, Any] = dict(num_heads=[1, 2, 5, 8])


def build(name: str, fused: bool) -> Any:
    """Build a backbone with stock or fused attention from the same seed."""
    import torch
    from mmseg.registry import MODELS

    import mmseg_trash.models  # noqa: F401

    kind, options = BACKBONES[name]
    options = MIT_HEADS | options if kind == 'MixVisionTransformer' else options
    torch.manual_seed(0)
    return MODELS.build(dict(options, type=f'SDPA{kind}' if fused else kind))


def compare(name: str, args: argparse.Namespace) -> None:
    """Print the least times of interleaved rounds, the peaks, and the ratios."""
    import torch

    from mmseg_trash.measure import peak_memory, seconds

    image = torch.randn(args.batch, 3, args.size, args.size, device=args.device)
    nets = [build(name, fused).to(args.device) for fused in (False, True)]

    def forward(net: torch.nn.Module) -> None:
        with torch.no_grad():
            net(image)

    def both(net: torch.nn.Module) -> None:
        net.zero_grad(set_to_none=True)
        sum(out.mean() for out in net(image)).backward()

    for title, work in (('forward', forward), ('forward+backward', both)):
        for net in nets:
            net.train(work is both)
        steps = [lambda net=net, work=work: work(net) for net in nets]
        memory = [peak_memory(step, args.device) for step in steps]
        rounds = [[seconds(s, args.device) for s in steps] for _ in range(args.rounds)]
        stock, fused = (1e3 * min(column) for column in zip(*rounds))
        print(
            f'{name:11} {title:17} {stock:8.1f} {fused:8.1f} ms {stock / fused:5.2f}x  '
            f'{memory[0]:8.1f} {memory[1]:8.1f} MiB {memory[0] / memory[1]:5.2f}x'
        )


def main(argv: list[str] | None = None) -> None:
    """Compare the backbones that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'names', nargs='*', default=['mit-b0', 'swin-t'], metavar='NAME'
    )
    parser.add_argument('--size', type=int, default=512, help='side of the image')
    parser.add_argument('--batch', type=int, default=1)
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    args = parser.parse_args(argv)
    # keeps the profiler's own messages away; read when torch is imported
    os.environ.setdefault('KINETO_LOG_LEVEL', '99')
    if unknown := set(args.names) - set(BACKBONES):
        parser.error(f'unknown {sorted(unknown)}; known: {", ".join(BACKBONES)}')
    print(f'{"":29}    stock    fused     ratio     stock    fused')
    for name in args.names:
        compare(name, args)


if __name__ == '__main__':
    cli.run(main)
