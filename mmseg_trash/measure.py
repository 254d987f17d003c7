"""Time and memory of a piece of work, on a CPU or a GPU."""

import time
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile


def peak_memory(step: Callable[[], None], device: str) -> float:
    """Return the most memory that a step holds beyond what was held, in MiB."""
    if device == 'cuda':
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    held = highest = 0
    for event in record.profiler.kineto_results.events():
        if event.name() == '[memory]':
            held += event.nbytes()
            highest = max(highest, held)
    return highest / 2**20


def seconds(step: Callable[[], None], device: str) -> float:
    """Return the time that a step takes."""
    start = time.perf_counter()
    step()
    if device == 'cuda':
        torch.cuda.synchronize()
    return time.perf_counter() - start
