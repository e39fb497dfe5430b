"""The service's jobs: listed, found, cancelled, told of in plain values."""

from collections.abc import Mapping
from typing import Any

from medialab.api.batches import Batches
from medialab.api.failures import failure_of
from medialab.api.pictures import OfPictures
from medialab.devices.executor import DevicesExecutor
from medialab.devices.jobs import Job
from medialab.errors import JobNotFoundError
from medialab.loading.registry import ModelRegistry


class OfJobs(OfPictures):
    """Jobs of clients: those that run or wait, and those that have ended for some time."""

    batches: Batches
    executor: DevicesExecutor
    registry: ModelRegistry

    def jobs(self, owner: str | None = None) -> list[Job]:
        """Return the jobs of a client, or of all: running, waiting, then ended ones."""
        known = [*self.unfinished(), *self.executor.queue.over()]
        return [job for job in known if owner is None or job.owner == owner]

    def unfinished(self) -> list[Job]:
        """Return the jobs of all clients that run, then those that wait."""
        whole = [job for job in self.executor.jobs() if job.part_of is None]
        known = [*whole, *self.batches.jobs()]
        return sorted(known, key=lambda job: (job.state == "queued", job.created))

    def job(self, name: str, owner: str | None = None) -> Job:
        """Return the job of a name, among a client's or all.

        Raises:
            JobNotFoundError: there is none; that of another client is not told either.
        """
        job = next((job for job in self.jobs() if job.name == name), None)
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
        waiting = [one for one in self.unfinished() if one.state == "queued"]
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

    def without_folders(self, text: str) -> str:
        """Replace the paths of the folders by their names: a client must not learn paths."""
        models = (one.path for one in self.registry.folders)
        for folder in (self.bench.artifacts.folder, *(one.resolve() for one in models)):
            text = text.replace(str(folder), folder.name)
        return text


def _pairs(run: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the facts and the record of each picture of a run in plain values."""
    pictures = run["pictures"]
    return list(zip(pictures, run.get("records") or [{}] * len(pictures), strict=True))
