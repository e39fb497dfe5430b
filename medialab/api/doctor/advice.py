"""What would mend a machine or make it faster: one rule after another, each with a next step."""

from collections.abc import Iterator, Mapping
from typing import Any

from medialab.api.doctor.machine import Machine
from medialab.api.doctor.software import Software
from medialab.devices.names import VARIABLE
from medialab.process.libraries import LIBRARIES
from medialab.process.memory import gigabytes
from medialab.process.precisions import LEAST_GAIN, computes_bfloat16

# Bytes that a picture of SDXL takes with its weights in half precision at 1024 px
# (docs/performance.md).
_SDXL = 9_100_000_000
_BUSY = 1.5  # times the cores


def advice(machine: Machine, software: Software, measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Return advice, the most effective first; none if nothing is known that helps."""
    return tuple(
        line
        for rule in (_mending, _gpu, _processor, _threads, _memory, _busy, _extras)
        for line in rule(machine, software, measured)
    )


def _mending(_machine: Machine, software: Software, measured: Mapping[str, Any]) -> Iterator[str]:
    if software.missing:
        names = ", ".join(software.missing)
        yield f"missing: {names}; run make environment, or pip install media-lab-studio"
    elif "torch" not in measured:
        yield "torch is installed but broken: remove .venv and run make environment"
    elif "diffusers" not in measured:
        yield "diffusers or transformers is broken: remove .venv and run make environment"
    elif "picture_refused" in measured:
        yield f"no picture could be made: {measured['picture_refused']}"


def _gpu(machine: Machine, _software: Software, measured: Mapping[str, Any]) -> Iterator[str]:
    if (count := len(measured.get("gpus") or ())) > 1:
        yield (
            f"{count} GPUs are here, and one of them is used unless you say otherwise: set "
            f"{VARIABLE}=all, or give --devices all (docs/performance.md)"
        )
    if not machine.nvidia or measured.get("gpus") or "torch" not in measured:
        return
    if measured.get("cuda") is None:
        yield (
            f"{machine.nvidia[0]} is not used, since torch is built for CPUs: remove .venv and run "
            "make environment on this machine"
        )
    else:
        built = measured["cuda"]
        yield f"{machine.nvidia[0]} is not used: its driver is too old for CUDA {built}, update it"


def _processor(
    _machine: Machine, _software: Software, measured: Mapping[str, Any]
) -> Iterator[str]:
    if measured.get("device") != "cpu":
        return
    gain = float(measured.get("bfloat16_gain", 0.0))
    if not computes_bfloat16("cpu"):
        yield (
            "a GPU, or a processor with avx512_bf16, amx_bf16 or Arm's bf16: large models then "
            "compute in bfloat16, twice as fast in half the memory"
        )
    elif gain < LEAST_GAIN:
        yield (
            f"this processor says that it has bfloat16, and was {gain:.2f} times as fast in it: a "
            "virtual machine may emulate it, and an older torch may not use it"
        )


def _threads(machine: Machine, _software: Software, _measured: Mapping[str, Any]) -> Iterator[str]:
    if machine.threads < machine.cores:
        yield (
            f"{machine.cores} cores, of which OMP_NUM_THREADS lets the studio use "
            f"{machine.threads}: unset it (pictures differ in their last bits by the threads)"
        )
    elif machine.threads > machine.cores:
        yield (
            f"{machine.threads} threads share {machine.cores} cores: unset OMP_NUM_THREADS, or set "
            f"it to {machine.cores}"
        )


def _memory(machine: Machine, _software: Software, measured: Mapping[str, Any]) -> Iterator[str]:
    cards = measured.get("gpus") or ()
    most = max((one["memory_bytes"] for one in cards), default=machine.memory_bytes)
    if most < _SDXL:
        yield (
            f"{gigabytes(most)} of memory: SDXL at 1024 px needs {gigabytes(_SDXL)}; set "
            "weight_dtype=int8 for large models, or draw smaller and enlarge"
        )
    if not cards and machine.free_bytes < machine.memory_bytes / 4:
        yield f"only {gigabytes(machine.free_bytes)} of memory are free: close other programs"


def _busy(machine: Machine, _software: Software, _measured: Mapping[str, Any]) -> Iterator[str]:
    if machine.load is not None and machine.load > _BUSY * machine.cores:
        yield f"other programs compute, too (load {machine.load}): the benchmark is too slow for it"


def _extras(_machine: Machine, software: Software, _measured: Mapping[str, Any]) -> Iterator[str]:
    for name in ("onnxruntime", "gguf", "spandrel"):
        if not software.optional.get(name, True):
            title, needed_by, command = LIBRARIES[name]
            yield f"{title} for {needed_by}: {command}"
