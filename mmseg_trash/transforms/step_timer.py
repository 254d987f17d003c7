"""Time the steps of pipelines side by side."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Step = Callable[[dict], dict]


def time_steps(
    pipelines: Mapping[str, Sequence[Step]],
    samples: Mapping[str, Callable[[int], dict]],
    number: int,
    repeats: int = 3,
) -> dict[str, np.ndarray]:
    """Time every step of several pipelines on the same images in one run.

    The pipelines take turns at each image, from the same random state. Counted is the
    CPU time of this process, and of the repeats with the same random state the least,
    so that other programs on the machine disturb little and all pipelines alike.

    Args:
        pipelines: Steps by the name of the pipeline.
        samples: Makes what the first step of each pipeline is given, from an index.
        number: Number of images.
        repeats: How often each image is measured.

    Returns:
        Per pipeline the mean time of each step in milliseconds, (steps,).
    """
    if number < 1 or repeats < 1:
        raise ValueError(f'number and repeats must be positive: {number}, {repeats}')
    least = {
        name: np.full((number, len(steps)), np.inf) for name, steps in pipelines.items()
    }
    for _ in range(repeats):
        for index in range(number):
            for name, steps in pipelines.items():
                np.random.seed(index)
                results = samples[name](index)
                for k, step in enumerate(steps):
                    start = time.process_time()
                    results = step(results)
                    passed = time.process_time() - start
                    least[name][index, k] = min(least[name][index, k], passed)
    return {name: times.mean(axis=0) * 1e3 for name, times in least.items()}
