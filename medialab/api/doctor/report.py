"""The doctor's report: put together, as text and as plain values."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medialab.api.doctor.advice import advice
from medialab.api.doctor.anonymous import anonymous
from medialab.api.doctor.choices import Choice, choices
from medialab.api.doctor.machine import Machine, this_machine
from medialab.api.doctor.software import Software, installed_software
from medialab.errors import MediaLabError
from medialab.files.machine_facts import MachineFacts
from medialab.listing.model_folders import chosen_folders
from medialab.listing.project_file import NAME as PROJECT_FILE
from medialab.process.installation import (
    MODELS_VARIABLE,
    OUTPUTS_VARIABLE,
    base_folder,
    is_installed,
    outputs_folder,
)
from medialab.process.memory import gigabytes

_PATIENCE = 300  # seconds that importing and measuring may take on a busy machine
_MEASURING = "medialab.api.doctor.measuring"


@dataclass(frozen=True)
class Report:
    """Everything the doctor found.

    Attributes:
        machine: what the machine has.
        software: what is installed.
        measured: what torch saw and how fast it was; see `measuring.facts`.
        trouble: why torch, or what needs it, does not work; "" if all does.
        choices: what the studio chose here, and why.
        advice: what would mend it or make it faster, the most effective first.
    """

    machine: Machine
    software: Software
    measured: Mapping[str, Any]
    trouble: str
    choices: tuple[Choice, ...]
    advice: tuple[str, ...]

    def as_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    def as_text(self) -> str:
        """Return it as text of headings and lines, to be read and pasted."""
        parts = [
            ("This machine", _machine_lines(self.machine, self.measured)),
            ("Software", _software_lines(self.software)),
            ("Trouble", [self.trouble] if self.trouble else []),
            ("What the studio chose", [str(one) for one in self.choices]),
            ("Benchmark", _benchmark_lines(self.measured)),
            ("What would help", list(self.advice) or ["nothing that is known: all is well"]),
        ]
        return "\n\n".join(
            "\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts if lines
        )


def examine() -> Report:
    """Examine this machine. Cost: importing torch and diffusers, and at most ten seconds."""
    machine, software = this_machine(), installed_software()
    models = _first_of(chosen_folders)
    outputs = _first_of(lambda: [outputs_folder()])
    measured, trouble = _measured(models)
    said = [*([trouble] if trouble else []), *_lost(models, outputs)]
    facts = MachineFacts(outputs / "machine.json" if outputs else None)
    found, helps = choices(machine, measured, facts), advice(machine, software, measured)
    return Report(machine, software, measured, "; ".join(said), found, helps)


def _first_of(find: Callable[[], Sequence[Path]]) -> Path | None:
    """Return the first of a person's folders; None if what names them is wrong."""
    try:
        return find()[0]
    except (MediaLabError, OSError):
        return None


def _lost(models: Path | None, outputs: Path | None) -> Iterator[str]:
    """Yield a sentence for each folder that is not found, without the words of who named it."""
    why = "cannot be used; every other command says why"
    if models is None:
        yield f"the models folder that {MODELS_VARIABLE} or {PROJECT_FILE} names {why}"
    if outputs is None:
        yield f"the outputs folder that {OUTPUTS_VARIABLE} names {why}"


def _measured(models: Path | None) -> tuple[dict[str, Any], str]:
    """Return what the other process found, and why it found no more."""
    command = [sys.executable, "-m", _MEASURING, *([str(models)] if models else [])]
    began, ended = time.perf_counter(), ""
    try:
        done = subprocess.run(  # noqa: S603 - this program itself
            command,
            cwd=None if is_installed() else base_folder(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
        out, errors = done.stdout, done.stderr
        if done.returncode < 0:
            ended = f"the system ended the process (signal {-done.returncode})"
        elif done.returncode:
            ended = anonymous(errors.strip().splitlines()[-1] if errors.strip() else "no reason")
    except OSError as error:
        out, ended = "", f"no process can be started ({error.strerror})"
    except subprocess.TimeoutExpired as late:
        out = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else ""
        ended = f"nothing came for {time.perf_counter() - began:.0f} s"
    measured: dict[str, Any] = {}
    for line in out.splitlines():
        with suppress(ValueError):  # cut off where the process ended
            measured |= json.loads(line) if line.startswith("{") else {}
    return measured, f"{_stage(measured)}: {ended}" if ended else ""


def _stage(measured: Mapping[str, Any]) -> str:
    """Return what failed, by the facts that came before."""
    if "torch" not in measured:
        return "torch cannot be imported"
    return "the benchmark stopped" if "diffusers" in measured else "diffusers cannot be imported"


def _machine_lines(machine: Machine, measured: Mapping[str, Any]) -> list[str]:
    asked = f", OMP_NUM_THREADS {machine.threads_asked}" if machine.threads_asked else ""
    load = "" if machine.load is None else f"; load {machine.load}"
    lines = [
        machine.system,
        f"{machine.processor}: {', '.join(machine.features) or 'no known instruction sets'}",
        f"{machine.cores} cores ({machine.logical} logical){asked}{load}",
        f"{gigabytes(machine.memory_bytes)} of memory, {gigabytes(machine.free_bytes)} free",
    ]
    lines += [
        f"GPU {one['name']}, {gigabytes(one['memory_bytes'])}, compute capability "
        f"{one['capability']}"
        for one in measured.get("gpus", ())
    ]
    if not measured.get("gpus"):
        lines += [f"GPU {name}, which torch does not see" for name in machine.nvidia]
    if measured.get("mps"):
        lines.append("Apple GPU")
    return lines


def _software_lines(software: Software) -> list[str]:
    lines = [f"media-lab-studio {software.program}"]
    lines.append(", ".join(f"{name} {one}" for name, one in software.versions.items()))
    if software.missing:
        lines.append(f"required and missing: {', '.join(software.missing)}")
    for extra, missing in software.extras.items():
        lines.append(f"extra {extra}: {'lacks ' + ', '.join(missing) if missing else 'installed'}")
    there = [name for name, is_there in software.optional.items() if is_there]
    absent = [name for name in software.optional if name not in there]
    lines.append(f"optional: {', '.join(there) or 'none'}; not installed: {', '.join(absent)}")
    return lines


def _benchmark_lines(measured: Mapping[str, Any]) -> list[str]:
    lines = []
    if copied := measured.get("copied"):
        lines.append(f"memory copied: {gigabytes(copied)} a second")
    for name in ("float32", "bfloat16", "float16"):
        if seconds := measured.get(f"block_{name}"):
            told = f"a block of SD1.5's UNet at 256 px in {name}"
            lines.append(f"{told}: {1000 * seconds:.0f} ms")
    if first := measured.get("first_picture"):
        told = f"{first:.2f} s, the next {measured['picture']:.2f} s"
        lines.append(f"a picture of 128 px in 6 steps by paperdoll: the first {told}")
    return lines
