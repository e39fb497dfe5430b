"""What is asked of a cluster's workers before anything starts: that they make the same pictures."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module, metadata
from typing import Any

from medialab.errors import BatchError
from medialab.process.versions import LIBRARIES, program_version
from medialab.stages import STAGES

PROGRAM = "media-lab-studio"
_WORKER = "medialab.batch.cluster.worker"
# Stored pictures in a request, as in medialab.artifacts.needed.
_STORED = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def stored_in(request: str) -> set[str]:
    """Return the names in a request that a stored picture may have."""
    return {*_STORED.findall(request)}


def refuse_versions(client: Any, workers: Sequence[str]) -> None:
    """Refuse workers whose program or libraries have other versions, or that lack the program.

    Raises:
        BatchError: with every difference of every worker.
    """
    found: dict[str, dict[str, str]] = {worker: {} for worker in workers}
    for name in (PROGRAM, *LIBRARIES):
        # A function of Python's own: nothing of this program has to be there.
        answers = client.run(metadata.version, name, workers=[*workers], on_error="return")
        for worker in workers:
            answer = answers.get(worker)
            found[worker][name] = answer if isinstance(answer, str) else ""
    refuse({worker: different_versions(theirs) for worker, theirs in found.items()})
    answers = client.run(import_module, _WORKER, workers=[*workers], on_error="return")
    refuse(
        {
            worker: [f"medialab cannot be imported ({answer})"]
            for worker, answer in answers.items()
            if isinstance(answer, Exception)
        }
    )


def different_versions(theirs: Mapping[str, str]) -> list[str]:
    """Return in words which versions of a worker are not those of this process.

    The build of a library, such as `+cpu` of torch, is the business of the device.
    """
    ours = {PROGRAM: program_version(), **{name: metadata.version(name) for name in LIBRARIES}}
    told = []
    for name, version in ours.items():
        other = theirs.get(name, "")
        if name == PROGRAM and version == "unknown" and not other:
            continue  # run from a checkout that was never installed, here and there
        if other.partition("+")[0] != version.partition("+")[0]:
            told.append(f"{name} {other or 'is not installed'}, here {version}")
    return told


def faults_of(seen: Mapping[str, Any]) -> list[str]:
    """Return in words why a worker cannot make a batch's pictures.

    Args:
        seen: What `WarmBench.look` returned there.
    """
    others = {stage.name for stage in STAGES if seen["stages"].get(stage.name) != stage.version}
    told = [f"its medialab has another version of {', '.join(sorted(others))}"] if others else []
    where = " and ".join(seen["models"])
    return [*told, *(f"{fault} (its models are in {where})" for fault in seen["faults"])]


def refuse(faults: Mapping[str, Iterable[str]]) -> None:
    """Refuse to start if any worker has faults.

    Args:
        faults: By the names of the workers.

    Raises:
        BatchError: with all of them.
    """
    told = [f"{worker}: {'; '.join(found)}" for worker, found in faults.items() if found]
    if told:
        message = (
            f"not every worker can make this batch: {'. '.join(told)}. Nothing was started; mend "
            "or stop these workers, then run the batch again"
        )
        raise BatchError(message)
