"""Time and memory on a device, measured alike for every row."""

import gc
import time

import psutil
import torch


def synchronize(device):
    """Wait until the device has done all that it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def seconds(work, device, rounds=3):
    """Return the fastest of some rounds after a first one, in seconds."""
    work()
    taken = []
    for _ in range(rounds):
        synchronize(device)
        began = time.perf_counter()
        work()
        synchronize(device)
        taken.append(time.perf_counter() - began)
    return min(taken)


def once(work, device):
    """Return what a piece of work gave, and its seconds."""
    synchronize(device)
    began = time.perf_counter()
    found = work()
    synchronize(device)
    return found, time.perf_counter() - began


def begin_peak(device):
    """Forget the most memory so far."""
    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.init()  # without it the first row has no counters to reset
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak(device):
    """Return the most memory that torch had allocated since `begin_peak`, in GB; 0 on a CPU."""
    return torch.cuda.max_memory_allocated(device) / 1e9 if device.startswith("cuda") else 0.0


def used(device):
    """Return the memory in use now, in GB: torch's on a GPU, this process's on a CPU."""
    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        return torch.cuda.memory_allocated(device) / 1e9
    return psutil.Process().memory_info().rss / 1e9
