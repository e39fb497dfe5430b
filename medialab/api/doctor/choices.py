"""What the studio chose on this machine, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medialab.api.doctor.machine import Machine
from medialab.files.machine_facts import MachineFacts
from medialab.process.memory import gigabytes
from medialab.process.memory_budget import FREE_AT_MOST, FREE_SHARE
from medialab.process.precisions import LARGE, LEAST_GAIN, chosen, computes_bfloat16
from medialab.process.threads import threads_in
from medialab.process.trials import name_of_trial


@dataclass(frozen=True)
class Choice:
    """One choice: what about, what was chosen, and why."""

    name: str
    chosen: str
    why: str

    def __str__(self) -> str:
        """Return it in a line."""
        return f"{self.name}: {self.chosen} ({self.why})"


def choices(
    machine: Machine, measured: Mapping[str, Any], facts: MachineFacts
) -> tuple[Choice, ...]:
    """Return the choices, those that need a working torch only if there is one."""
    found = [_threads(machine), _memory(machine)]
    if device := measured.get("device"):
        found = [_device(device, measured), *_precisions(device, measured, facts), *found]
        found.append(Choice("attention", "torch's scaled_dot_product_attention", _kernels(device)))
    return tuple(found)


def _device(device: str, measured: Mapping[str, Any]) -> Choice:
    if device != "cpu":
        count = len(measured.get("gpus") or ())
        several = f"the first of {count} GPUs; devices=all uses every one"
        return Choice("device", device, several if count > 1 else "the fastest that torch sees")
    built = measured.get("cuda")
    why = f"torch is built for CUDA {built} and sees no GPU" if built else "torch is built for CPUs"
    return Choice("device", device, why)


def _precisions(
    device: str, measured: Mapping[str, Any], facts: MachineFacts
) -> tuple[Choice, Choice]:
    """Return the precisions of small models and of large ones."""
    small, large = "precision of small models", "precision from SD1.5's size on"
    if not device.startswith("cpu"):
        one = chosen("automatic", device, LARGE)
        why = "what this GPU computes natively" if one != "float16" else "it has no bfloat16"
        return Choice(small, one, why), Choice(large, one, why)
    kept = facts.known(name_of_trial())
    gain = float(measured.get("bfloat16_gain", 0.0)) if kept is None else kept
    if not computes_bfloat16(device):
        why = "this processor has no instructions for bfloat16"
    else:
        when = "now" if kept is None else "once, and kept"
        why = f"bfloat16 was found {gain:.2f} times as fast, {when}; {LEAST_GAIN} are asked for"
    return (
        Choice(small, chosen("automatic", device, 1), "the same bits on every processor's kernels"),
        Choice(large, chosen("automatic", device, LARGE, lambda: gain), why),
    )


def _kernels(device: str) -> str:
    if device.startswith("cuda"):
        return "it picks flash, memory-efficient or cuDNN kernels by shape"
    return "its flash kernel never holds the whole matrix"


def _threads(machine: Machine) -> Choice:
    why = "one for each physical core"
    if machine.threads_asked:
        asked = threads_in(machine.threads_asked)
        why = "OMP_NUM_THREADS says so" if asked else f"{why}: OMP_NUM_THREADS asks for no number"
        why = f"the most; OMP_NUM_THREADS asks for {asked}" if asked > machine.threads else why
    return Choice("CPU threads", str(machine.threads), why)


def _memory(machine: Machine) -> Choice:
    left = min(machine.memory_bytes * FREE_SHARE, FREE_AT_MOST)
    kept = gigabytes(machine.memory_bytes - left)
    return Choice("models kept in memory", f"up to {kept}", f"{gigabytes(left)} stay free for work")
