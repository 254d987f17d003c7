"""Time the CRF, compiled, in tensor operations, and in sparse matrices of scipy."""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmseg_trash.cli import run
from mmseg_trash.datasets.images import decode_bgr
from mmseg_trash.errors import DataError
from mmseg_trash.postprocess.crf_params import CRFParams
from mmseg_trash.postprocess.degrade import degrade
from mmseg_trash.postprocess.dense_crf import dense_crf
from mmseg_trash.postprocess.permutohedral import build_lattice


def draw(side: int, classes: int, file: str | None) -> tuple[Any, Any]:
    """Return an image, the middle of a photograph or drawn areas, and probabilities."""
    generator = np.random.default_rng(0)
    areas = generator.integers(0, classes, (9, 9))
    place = np.arange(side) * len(areas) // side
    label = areas[place[:, None], place]
    image: Any
    if file is None:
        image = generator.integers(0, 256, (classes, 3))[label]
        image = cv2.GaussianBlur(image + generator.normal(0, 8, image.shape), (0, 0), 1)
    else:
        photograph = decode_bgr(Path(file).read_bytes())
        if photograph is None:
            raise DataError(f'{file}: no readable image')
        height, width = photograph.shape[:2]
        y, x = max(height - width, 0) // 2, max(width - height, 0) // 2
        image = photograph[y : height - y, x : width - x, ::-1].astype(float)
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return image.clip(0, 255).astype(np.uint8), degrade(label, classes, 1, 0)[0]


class SparseKernel:
    """A normalised kernel in scipy's matrices, on the lattice of the compiled one."""

    def __init__(self, features: Any, factor: float) -> None:
        from scipy.sparse import csr_array, eye_array

        lattice = build_lattice(features)
        pixels, corners = lattice.index.shape
        size = lattice.size + 1
        start = np.arange(0, pixels * corners + 1, corners)
        entries = (lattice.weight.ravel(), lattice.index.ravel(), start)
        self.spread = csr_array(entries, shape=(pixels, size))
        self.collect = self.spread.T.tocsr()
        self.blurs = []
        for axis in lattice.near:
            rows, side = np.nonzero(axis)
            half = np.full(len(rows), np.float32(0.5))
            links = csr_array((half, (rows, axis[rows, side])), (size, size))
            self.blurs.append(eye_array(size, dtype=np.float32).tocsr() + links)
        self.gain = np.float32(lattice.gain)
        ones = np.ones((pixels, 1), np.float32)
        self.scale = 1 / np.sqrt(self.filter(ones))
        self.factor = np.float32(factor)

    def filter(self, values: Any) -> Any:
        """Weight the values of all pixels, N x C."""
        rows = self.collect @ values
        for blur in self.blurs:
            rows = blur @ rows
        return self.spread @ rows * self.gain

    def message(self, q: Any) -> Any:
        """Return what the pixels tell each other, N x C."""
        return self.factor * self.scale * self.filter(q * self.scale)


def sparse_crf(probs: Any, image: Any, params: CRFParams) -> Any:
    """Do what `dense_crf` does with scipy's matrices."""
    classes, height, width = probs.shape
    y, x = np.mgrid[:height, :width].reshape(2, -1).astype(np.float32)
    place = np.stack([x, y], 1)
    colour = image.reshape(-1, 3) / np.float32(params.bilateral_rgb)
    both = np.hstack([place / np.float32(params.bilateral_xy), colour])
    kernels = [
        SparseKernel(place / np.float32(params.smooth_xy), params.smooth_weight),
        SparseKernel(both, params.bilateral_weight),
    ]
    unary = np.log(probs.reshape(classes, -1).T.clip(params.floor, 1))
    logits = unary
    for step in range(params.iterations + 1):
        power = np.exp(logits - logits.max(1, keepdims=True))
        q = power / power.sum(1, keepdims=True)
        if step < params.iterations:
            logits = unary + sum(kernel.message(q) for kernel in kernels)
    return q.T.reshape(probs.shape)


def _status(key: str) -> float:
    """Return a line of this process's memory in MiB."""
    text = Path('/proc/self/status').read_text(encoding='ascii')
    line = next(line for line in text.splitlines() if line.startswith(key))
    return int(line.split()[1]) / 1024


def measured(work: Callable[[], Any]) -> tuple[Any, float, float, float]:
    """Return a result, seconds by the wall and of all cores, and peak memory in MiB."""
    try:
        Path('/proc/self/clear_refs').write_text('5')
        before = _status('VmRSS')
    except OSError:
        before = math.nan
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return (
        result,
        wall,
        cpu,
        math.nan if math.isnan(before) else _status('VmHWM') - before,
    )


def main(argv: list[str] | None = None) -> None:
    """Print the least time of some rounds for each way, and how far results differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--side', type=int, default=512)
    parser.add_argument('--classes', type=int, default=11)
    parser.add_argument('--iterations', type=int, default=10)
    parser.add_argument('--image', help='a photograph; default: drawn areas')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--devices', nargs='*', default=['cpu'], help='for tensors')
    parser.add_argument('--sparse', action='store_true', help="scipy's matrices too")
    args = parser.parse_args(argv)
    from mmseg_trash.postprocess.dense_crf_torch import dense_crf_on

    image, probs = draw(args.side, args.classes, args.image)
    params = CRFParams(args.iterations)
    ways: dict[str, Callable[[], Any]] = {}
    for threads in (1, 2):
        ways[f'compiled, threads: {threads}'] = partial(
            dense_crf, probs, image, params, threads
        )
    for device in args.devices:
        ways[f'tensors, {device}'] = partial(dense_crf_on, device, probs, image, params)
    if args.sparse:
        ways['sparse matrices'] = partial(sparse_crf, probs, image, params)
    expected = dense_crf(probs, image, params)
    rounds: dict[str, list[Any]] = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, work in ways.items():
            result, *figures = measured(work)
            rounds[name].append((*figures, abs(result - expected).max()))
    print(f'{args.side}x{args.side}, {args.classes} classes, {params}')
    for name, rows in rounds.items():
        wall, cpu, _, _ = np.min(rows, axis=0)
        # Memory that an earlier round has freed is taken again without a trace.
        _, _, memory, difference = np.max(rows, axis=0)
        print(
            f'{name:20} {wall:7.3f} s  {cpu:7.3f} s of the cores  '
            f'{memory:6.0f} MiB  difference {difference:.1e}'
        )


if __name__ == '__main__':
    run(main)
