"""What runs on a worker of a cluster: a warm workbench, and the tasks that ask it for pictures.

Everything that is sent either way is plain: text, numbers, bytes and paths.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from threading import Lock
from time import monotonic, sleep
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from medialab.artifacts import Artifact, ArtifactManager
from medialab.batch.cluster.connection import GPU
from medialab.errors import BatchError, MediaLabError
from medialab.files.whole import write_whole
from medialab.listing.model_folders import chosen_folders
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.process import threads
from medialab.process.events import Event
from medialab.process.jobs import Job
from medialab.process.queue import JobQueue
from medialab.runs.cache import StageCache
from medialab.runs.executor import KernelExecutor
from medialab.runs.maker import Maker
from medialab.runs.plain import error_as_plain, event_as_plain
from medialab.runs.request import Request
from medialab.runs.run import Run
from medialab.stages import STAGES

_STORED = re.compile("[0-9a-f]{64}")
_TOLD = frozenset({"started", "planned", "stage", "step", "stage done"})
_SECONDS_BETWEEN_STEPS = 0.2  # two steps without a preview that are told
_MOST_FAULTS = 5
_SECONDS_UNTIL_READY, _SECONDS_BETWEEN_LOOKS = 60.0, 0.05


@dataclass(frozen=True)
class Settings:
    """What a worker's workbench is made of.

    Attributes:
        models: The models folders of whoever runs the batch, which are used where they are there;
            otherwise the worker has its own.
        device: A torch device; "" for the best one.
    """

    models: tuple[str, ...] = ()
    device: str = ""


class WarmBench(WorkerPlugin):  # type: ignore[misc]  # Dask's plugins are read as Any
    """Models, a stage cache and a queue, in a worker's own folder, for as long as it lives.

    Dask calls `setup`, `teardown` and `transition` on the worker's own thread, and the tasks on
    another.

    Args:
        settings: What it is made of. One of the same settings that is there already stays.

    Attributes:
        name: By which the tasks find it.
    """

    idempotent = True
    is_ready = False  # until `setup` is done; tasks may come before

    def __init__(self, settings: Settings) -> None:
        self.name = f"medialab-{sha256(repr(settings).encode()).hexdigest()[:16]}"
        self._settings = settings
        self._jobs: dict[str, Job[Run]] = {}  # by the keys of their tasks
        self._released: set[str] = set()  # keys of tasks that nobody waits for any more
        self._topics: dict[str, tuple[str, str]] = {}  # of jobs: where their events go, their keys
        self._last_told = 0.0

    def setup(self, worker: Worker) -> None:
        """Make the workbench; torch is imported meanwhile, on the queue's thread."""
        self._worker = worker
        if worker.state.total_resources.get(GPU, 0) >= 1:  # else it is for other things
            self._make_bench(worker)

    def _make_bench(self, worker: Worker) -> None:
        folder = Path(worker.local_directory) / self.name
        given = [Path(one) for one in self._settings.models if Path(one).exists()]
        self._registry = ModelRegistry(
            given or chosen_folders(),
            hash_cache=folder / "hashes.sqlite",
            device=self._settings.device or None,
        )
        self._pictures = PictureStore(folder / "inputs")
        self._maker = Maker(
            self._registry,
            self._pictures,
            ArtifactManager(folder / "outputs"),
            StageCache(folder / "cache"),
        )
        threads.guard_imports()
        queue = JobQueue(prepare=threads.preload)
        queue.stops_alike = False  # each picture is another's business
        self._executor = KernelExecutor(self._maker.make, queue)
        self._executor.listen(self._hear)
        self._lock = Lock()  # of the jobs, and of what was released
        self.is_ready = True

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask calls it so
        """End the workbench; the running picture stops at its next step."""
        if self.is_ready:
            self._executor.close()
            self._registry.unload_all()

    def transition(self, key: str, start: str, finish: str, **_: Any) -> None:
        """Stop a picture that nobody waits for: it was cancelled, or whoever asked is gone."""
        if (start, finish) != ("executing", "released") or not self.is_ready:
            return
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                self._released.add(key)
        if job is not None:
            job.cancel()

    def look(
        self, requests: Sequence[str], pictures: Mapping[str, bytes], probe: str
    ) -> dict[str, Any]:
        """Return what this worker is, and why requests cannot be made here.

        Cost: models that it has never read are hashed, about 5 s a gigabyte.

        Args:
            requests: Requests as `Request.as_json` writes them.
            pictures: The stored pictures that they name.
            probe: A file in the outputs folder of whoever asks.
        """
        device, best = self._registry.device, threads.pick_device()
        is_there = _kind(device) in {"cpu", _kind(best)}
        faults = [] if is_there else [f"the batch is made on {device}, and it has {best} only"]
        return {
            "device": device,
            "processor": threads.processor(device if is_there else best),
            "models": [str(folder.path) for folder in self._registry.folders],
            "stages": {stage.name: stage.version for stage in STAGES},
            "answers": _answer(Path(probe)),
            "faults": faults or self._refused(requests, pictures)[:_MOST_FAULTS],
        }

    def _refused(self, requests: Sequence[str], pictures: Mapping[str, bytes]) -> list[str]:
        """Return why requests cannot be made with the models that are here, each reason once."""
        self._store(pictures)
        found: dict[str, None] = {}
        for text in requests:
            try:
                self._maker.resolver.plan(Request.from_json(text).config)
            except MediaLabError as error:
                found[error.message] = None
        return [*found]

    def make(
        self, key: str, request: str, pictures: Mapping[str, bytes], to: str, topic: str
    ) -> dict[str, Any]:
        """Make one picture.

        Args:
            key: Of the task.
            request: As `Request.as_json` writes it.
            pictures: The stored pictures that it names, as far as they were not sent before.
            to: The folder to put the picture in; "" to send it back.
            topic: Where its events go; "" if nobody hears them.

        Returns:
            Its `sidecar` as text, with the `picture` as bytes or the name of its `file`; or its
            `error`.
        """
        self._store(pictures)
        with self._lock:
            job = self._executor.submit(Request.from_json(request), label=key)
            self._jobs[key], self._topics[job.name] = job, (topic, key)
            is_released = key in self._released
        if is_released:
            job.cancel()
        error = job.error()
        with self._lock:
            del self._jobs[key], self._topics[job.name]
            self._released.discard(key)
        if error is not None:
            return {"error": error_as_plain(error)}
        return _delivered(job.result().artifact, Path(to) if to else None, key)

    def _store(self, pictures: Mapping[str, bytes]) -> None:
        for name, content in pictures.items():
            if _STORED.fullmatch(name):
                write_whole(self._pictures.folder / f"{name}.png", content)

    def _hear(self, event: Event) -> None:
        """Send an event on; steps without a preview at most five times a second."""
        topic, key = self._topics.get(event.job, ("", ""))
        if not topic or event.kind not in _TOLD:
            return
        if event.kind == "step" and event.preview is None:
            if monotonic() < self._last_told + _SECONDS_BETWEEN_STEPS:
                return
            self._last_told = monotonic()
        plain = event_as_plain(event, Path(self._worker.local_directory)) | {"job": key}
        self._worker.log_event(topic, {"medialab": plain})


def look(plugin: str, *given: Any) -> dict[str, Any]:
    """Call `WarmBench.look` on the worker that this task runs on."""
    return _bench(plugin).look(*given)


def make(plugin: str, *given: Any) -> dict[str, Any]:
    """Call `WarmBench.make` on the worker that this task runs on."""
    return _bench(plugin).make(str(get_worker().get_current_task()), *given)


def _bench(plugin: str) -> WarmBench:
    """Return this worker's workbench, which a worker that has just come is still making.

    Raises:
        BatchError: it has none.
    """
    until = monotonic() + _SECONDS_UNTIL_READY
    while monotonic() < until:
        found: WarmBench | None = get_worker().plugins.get(plugin)
        if found is not None and found.is_ready:
            return found
        sleep(_SECONDS_BETWEEN_LOOKS)
    message = (
        f"no workbench was made here within {_SECONDS_UNTIL_READY:.0f} s; see the worker's log"
    )
    raise BatchError(message)


def _kind(device: str) -> str:
    """Return the class of a torch device: `cuda` of `cuda:1`."""
    return device.partition(":")[0]


def _answer(probe: Path) -> str:
    """Return what stands in a file, if files can be put beside it; "" if it is not there."""
    answer = probe.with_name(f"{probe.name}-{token_hex(4)}")
    try:
        text = probe.read_text()
        write_whole(answer, b"")
        answer.unlink()
    except OSError:
        return ""
    return text


def _delivered(artifact: Artifact, to: Path | None, key: str) -> dict[str, Any]:
    """Take a picture out of the worker's outputs folder, and return it."""
    sidecar, picture = artifact.sidecar.read_text("utf-8"), artifact.path.read_bytes()
    artifact.path.unlink()
    artifact.sidecar.unlink()
    found: dict[str, Any] = {"sidecar": sidecar}
    if to is None:
        return found | {"picture": picture}
    file = to / f"{key}{artifact.path.suffix}"
    write_whole(file, picture, private=False)
    return found | {"file": file.name}
