"""The studio for other programs, without any transport: requests in, jobs and pictures out.

Every transport is thin over it: HTTP (`medialab.api.http`) and whatever comes beside it. Methods
may block for some milliseconds, `device` and what needs it until the first worker is ready: call
them on a thread. Pictures are made in a process of their own; this one imports neither torch nor
diffusers.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab.api.batches import Batches
from medialab.api.capabilities import capabilities, schema_of
from medialab.api.jobs import OfJobs
from medialab.api.limits import Limits
from medialab.api.messages import decoded, refused
from medialab.api.requests import BatchRequest, EnhanceRequest, PictureRequest
from medialab.batch.files import plain_batch
from medialab.config.pipeline import PipelineConfig
from medialab.devices.executor import DevicesExecutor
from medialab.devices.jobs import Job
from medialab.devices.names import read_devices
from medialab.errors import (
    ModelRefusedError,
    RepeatedKeyError,
)
from medialab.listing.model_folders import chosen_folders
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.presets import for_photo
from medialab.process.installation import outputs_folder
from medialab.process.versions import program_version
from medialab.runs.request import Request
from medialab.workbench import Workbench

_MOST_KEYS = 1000


class Service(OfJobs):
    """A studio that takes requests of clients and answers in plain values.

    Args:
        models: The models folders; by default as `Workbench` finds them.
        outputs: The outputs folder; by default likewise.
        device: A torch device name; by default the best of this machine.
        limits: What a client may ask for.
        devices: In place of `device`: several, each with a process, as for `Workbench`.
    """

    def __init__(
        self,
        models: Path | str | Sequence[Path | str] | None = None,
        outputs: Path | str | None = None,
        device: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        devices: str | Sequence[str] | None = None,
    ) -> None:
        named = [device] if devices is None else read_devices(devices)
        outputs = Path(outputs or outputs_folder()).resolve()
        self.limits = limits
        folders = [models] if isinstance(models, Path | str) else models
        places = [Path(one).resolve() for one in folders or chosen_folders()]
        self.executor = DevicesExecutor(places, outputs, named, most_waiting=limits.most_waiting)
        self.registry = ModelRegistry(
            places,
            hash_cache=outputs / "hashes.sqlite",
            editions=outputs / "editions",
            device=self.executor.device,
        )
        self.bench = Workbench(outputs=outputs, registry=self.registry, executor=self.executor)
        self.bench.waiting.close()  # clients ask again; a person's studio shall not be offered them
        self.batches = Batches(self.bench, self.executor)
        # Settings that a client of A1111's API chose as options, by client.
        self.chosen: dict[str, dict[str, Any]] = {}
        self._keys: OrderedDict[tuple[str, str], tuple[str, Job]] = OrderedDict()
        self._with_key = threading.Lock()
        self._beginning = threading.Lock()

    # --- jobs ---------------------------------------------------------------------------------

    def generate(self, config: PipelineConfig, *, owner: str = "", key: str = "") -> Job:
        """Queue a request for pictures, and return its job.

        Args:
            config: The request; a `ResolvedConfig` makes the same pictures again.
            owner: The client that asks.
            key: Its own name for this request: asked again by it, the same job is returned.

        Raises:
            MediaLabError: it cannot be made, and nothing was queued; or the client has too many
                jobs, or used the key for another request.
        """

        def submit() -> Job:
            self._check(config)
            label = config.prompt or config.mode
            return self.executor.submit(Request(config), label=label, owner=owner)

        return self._once(submit, "generate", config.model_dump_json(), owner, key)

    def enhance(self, request: EnhanceRequest, *, owner: str = "", key: str = "") -> Job:
        """Queue a request that starts from a picture; arguments and errors as for `generate`."""

        def submit() -> Job:
            if (request.image is None) == (request.path is None):
                raise refused(422, "give one of image and path", field="image")
            if request.path is not None:
                content = self._content(request.path)
                if content is None:
                    message = f"no picture {request.path!r} in outputs/"
                    raise refused(422, message, field="path")
                picture = self._store(content, "path")
            else:
                picture = self._store(decoded(request.image or ""), "image")
            config = for_photo() if request.config is None else request.config
            return self.generate(config.starting_from(picture), owner=owner)

        return self._once(submit, "enhance", request.model_dump_json(), owner, key)

    def batch(self, request: BatchRequest, *, owner: str = "", key: str = "") -> Job:
        """Queue what is missing of a batch, which is begun if there is none of its name.

        Args:
            request: The batch.
            owner: As for `generate`.
            key: As for `generate`.

        Raises:
            MediaLabError: as `generate`; or a batch of that name has other settings.
        """

        def submit() -> Job:
            # Not by way of YAML: null and true are no texts.
            read = plain_batch(request.model_dump(mode="json", exclude_defaults=True), "batch")
            self.limits.check_batch(read.sweep)
            read.sweep.check()
            for row in range(len(read.sweep)):
                self._check(read.sweep.config(row))
            with self._beginning:  # another may be given at the same moment by the same name
                batch = read.begin(self.bench)
            return self.batches.submit(batch.name, rows=len(batch), owner=owner)

        return self._once(submit, "batch", request.model_dump_json(), owner, key)

    # --- what there is ------------------------------------------------------------------------

    def models(self, kind: str | None = None) -> dict[str, Any]:
        """Return the files in the models folders, of one kind or all, refused ones too.

        Raises:
            ModelNotFoundError: there is no such kind.
        """
        return {"models": [self._model(one) for one in self.bench.models(kind)]}

    def capabilities(self) -> dict[str, Any]:
        """Return versions, device, stages with their settings, and all choices."""
        requests = {
            "generate": schema_of(PipelineConfig),
            "enhance": schema_of(EnhanceRequest),
            "pictures": schema_of(PictureRequest),
            "batches": schema_of(BatchRequest),
        }
        return capabilities(self.bench) | {"requests": requests}

    def health(self) -> dict[str, Any]:
        """Return that the service answers, and what its workers do."""
        there = "starting" if self.executor.pids else "none"
        states = [job.state for job in self.unfinished()]
        return {
            "status": "ok",
            "version": program_version(),
            "worker": "ready" if self.executor.is_ready else there,
            "devices": self.executor.at_once,
            "running": states.count("running"),
            "waiting": states.count("queued"),
        }

    def close(self) -> None:
        """Cancel everything, and end the worker."""
        self.executor.queue.close()
        self.batches.cancel_all()
        self.bench.close()
        self.batches.wait()
        self.registry.hashing.close()

    def _once(self, submit: Callable[[], Job], what: str, body: str, owner: str, key: str) -> Job:
        """Return the job of a request that was given with this key before, or submit it."""
        if not key:
            return submit()
        digest = hashlib.sha256(f"{what} {body}".encode()).hexdigest()
        with self._with_key:
            before, job = self._keys.get((owner, key), (digest, None))
            if before != digest:
                message = f"the Idempotency-Key {key!r} was given with another request before"
                raise RepeatedKeyError(f"{message}; give each request a key of its own")
            if job is None:
                job = submit()
                self._keys[owner, key] = digest, job
                while len(self._keys) > _MOST_KEYS:
                    self._keys.popitem(last=False)
            return job

    def _check(self, config: PipelineConfig) -> None:
        """Refuse a request that is over the server's limits, or cannot be made."""
        self.limits.check(config)
        self.bench.check(config)
        with suppress(ModelRefusedError):  # no checkpoint has to say its size
            self.limits.check_sizes(self.bench.sizes(config))

    def _model(self, info: ModelInfo) -> Mapping[str, Any]:
        return {
            "name": info.name,
            "kind": info.kind,
            "family": info.family,
            "format": info.format,
            "size_bytes": info.size_bytes,
            "variant": info.variant or None,
            "prediction_type": info.prediction_type or None,
            "zero_terminal_snr": info.zero_terminal_snr,
            "precision": info.precision or None,
            "ranks": list(info.ranks),
            "trained_words": list(info.trained_words),
            "editions": list(info.editions),
            "edition": info.edition or None,
            "full_name": info.full_name,
            "refused": self.without_folders(info.refused) if info.refused else None,
        }
