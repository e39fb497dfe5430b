"""The studio for other programs, without any transport: requests in, jobs and pictures out.

Every transport is thin over it: HTTP (`medialab.api.http`) and whatever comes beside it. Methods
may block for some milliseconds, `device` and what needs it until the first worker is ready: call
them on a thread. Pictures are made in a process of their own; this one imports neither torch nor
diffusers.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab.api.capabilities import capabilities, schema_of
from medialab.api.failures import failure_of
from medialab.api.limits import Limits
from medialab.api.messages import decoded, refused
from medialab.api.pictures import OfPictures
from medialab.api.requests import BatchRequest, EnhanceRequest, PictureRequest
from medialab.batch.files import parse_batch
from medialab.config.pipeline import PipelineConfig
from medialab.devices.executor import DevicesExecutor
from medialab.devices.jobs import Job
from medialab.devices.names import read_devices
from medialab.errors import (
    JobNotFoundError,
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


class Service(OfPictures):
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
            # As the text of a batch's file, which names no other file.
            content = request.model_dump(mode="json", exclude_defaults=True)
            read = parse_batch(json.dumps(content, ensure_ascii=False), "batch")
            self.limits.check_batch(read.sweep)
            read.sweep.check()
            for row in range(len(read.sweep)):
                self._check(read.sweep.config(row))
            with self._beginning:  # another may be given at the same moment by the same name
                batch = read.begin(self.bench)
            return self.executor.submit_batch(batch.name, rows=len(batch), owner=owner)

        return self._once(submit, "batch", request.model_dump_json(), owner, key)

    def jobs(self, owner: str | None = None) -> list[Job]:
        """Return the jobs of a client, or of all: running, waiting, then ended ones."""
        known = [*self.executor.jobs(), *self.executor.over()]
        return [job for job in known if owner is None or job.owner == owner]

    def job(self, name: str, owner: str | None = None) -> Job:
        """Return the job of a name, among a client's or all.

        Raises:
            JobNotFoundError: there is none; that of another client is not told either.
        """
        job = self.executor.named(name)
        if job is None or owner not in {None, job.owner}:
            message = f"there is no job {name!r}; GET /jobs lists them, ended ones for some time"
            raise JobNotFoundError(message).about("name")
        return job

    def cancel(self, name: str, owner: str | None = None, *, keep: bool = False) -> Job:
        """Cancel a job, and return it; one that has ended is left as it is.

        Raises:
            JobNotFoundError: there is none.
        """
        job = self.job(name, owner)
        job.cancel(keep=keep)
        return job

    def described(self, job: Job, *, png: bool = False, brief: bool = False) -> dict[str, Any]:
        """Return a job as plain values, as `requests.JobAnswer` describes them.

        Args:
            job: The job.
            png: Whether its pictures are among them, in base64.
            brief: Whether config and records are left out, as in a list of many jobs.
        """
        waiting = [one for one in self.executor.jobs() if one.state == "queued"]
        steps = [one.data for one in job.events() if one.kind in {"planned", "stage", "step"}]
        last = steps[-1] if steps else {}
        plain = {
            "name": job.name,
            "kind": job.kind,
            "label": job.label,
            "state": job.state,
            "created": job.created.isoformat(timespec="milliseconds"),
            "seconds": round(job.seconds, 3),
            "place": waiting.index(job) if job in waiting else None,
            "progress": {
                "stage": last.get("stage", ""),
                **{name: last.get(name, 0) for name in ("step", "steps", "image", "images")},
            },
            "batch": {"name": job.batch, **job.rows} if job.batch is not None else None,
            "error": failure_of(job, self.without_folders) if job.failure else None,
            "seed": None,
            "config": None,
            "pictures": [],
        }
        if job.run:
            pictures = [self._made(*one, png=png, brief=brief) for one in _pairs(job.run)]
            plain |= {"pictures": pictures}
        if config := job.run.get("config"):
            plain |= {"seed": config["seed"], "config": None if brief else config}
        return plain

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
        states = [job.state for job in self.executor.jobs()]
        return {
            "status": "ok",
            "version": program_version(),
            "worker": "ready" if self.executor.is_ready else there,
            "devices": self.executor.at_once,
            "running": states.count("running"),
            "waiting": states.count("queued"),
        }

    def without_folders(self, text: str) -> str:
        """Replace the paths of the folders by their names: a client must not learn paths."""
        models = (one.path for one in self.registry.folders)
        for folder in (self.bench.artifacts.folder, *(one.resolve() for one in models)):
            text = text.replace(str(folder), folder.name)
        return text

    def close(self) -> None:
        """Cancel everything, and end the worker."""
        self.bench.close()
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


def _pairs(run: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the facts and the record of each picture of a run in plain values."""
    pictures = run["pictures"]
    return list(zip(pictures, run.get("records") or [{}] * len(pictures), strict=True))
