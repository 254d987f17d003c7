"""Time hard voting over submission files, against a loop over the pixels.

python tools/benchmarks/voting.py --members 5 --images 819
"""

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmseg_trash.cli import run
from mmseg_trash.inference.submission import write_submission
from mmseg_trash.inference.submission_format import SIZE
from mmseg_trash.inference.voting import hard_vote, vote_rows
from mmseg_trash.metainfo import NUM_CLASSES

Labels = NDArray[np.uint8]


def draw(images: int, member: int) -> Iterator[tuple[str, Labels]]:
    """Draw label maps of blocks; an eighth of each member's blocks are its own."""
    for number in range(images):
        common = np.random.default_rng(number).integers(0, NUM_CLASSES, (16, 16))
        own = np.random.default_rng((number, member))
        blocks = np.where(
            own.random((16, 16)) < 1 / 8, own.integers(0, NUM_CLASSES, (16, 16)), common
        )
        label = np.kron(blocks, np.ones((SIZE // 16, SIZE // 16), np.int64))
        yield f'batch/{number:04}.jpg', label.astype(np.uint8)


def loop(labels: Labels) -> Labels:
    """Vote pixel by pixel; of equal counts the one that comes first wins."""
    flat = labels.reshape(len(labels), -1)
    found = [Counter(column.tolist()).most_common(1)[0][0] for column in flat.T]
    return np.array(found, np.uint8).reshape(labels.shape[1:])


def main(argv: list[str] | None = None) -> None:
    """Print seconds for all files, and for one image both ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--members', type=int, default=5)
    parser.add_argument('--images', type=int, default=819)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f'{member}.csv') for member in range(args.members)]
        for member, file in enumerate(files):
            write_submission(draw(args.images, member), file)
        start, cpu = time.perf_counter(), time.process_time()
        write_submission(vote_rows(files), Path(folder, 'voted.csv'))
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sample = np.stack([next(draw(1, member))[1] for member in range(args.members)])
    times = []
    for way in (loop, hard_vote):
        start = time.perf_counter()
        label = way(sample)
        times.append(time.perf_counter() - start)
        assert (label == hard_vote(sample)).all()
    print(
        f'{args.members} files of {args.images} images: {wall:.1f} s by the wall, '
        f'{cpu:.1f} s of CPU, peak memory {memory:.0f} MiB\n'
        f'the vote of one image: {1e3 * times[1]:.1f} ms; pixel by pixel '
        f'{1e3 * times[0]:.0f} ms, {times[0] / times[1]:.0f} times as long'
    )


if __name__ == '__main__':
    run(main)
