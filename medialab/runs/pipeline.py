"""Run the stages in order; nothing else."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.repainting import unpacked
from medialab.loading.checkpoint import dtype_name
from medialab.process import threads
from medialab.process.retries import Retry
from medialab.process.versions import all_versions
from medialab.runs.cache import Explanation, StageCache, StageKey
from medialab.runs.context import RunContext
from medialab.runs.frames import decode_frame, encode_frame
from medialab.stage import Frame, PipelineStage
from medialab.stages import STAGES

if TYPE_CHECKING:
    from PIL import Image

    from medialab.vision.detections import Detection


@dataclass(frozen=True)
class Outcome:
    """A finished picture, the record of how it was made, and what the detailers found."""

    image: "Image.Image"
    record: dict[str, Any]
    detections: "Mapping[str, Sequence[Detection]]"


class Pipeline:
    """The stages in a straight line, through the cache.

    `device` is where models run; with the dtype they have there it is part of every key.
    """

    def __init__(
        self, cache: StageCache, device: str, stages: Sequence[PipelineStage[Any]] = STAGES
    ) -> None:
        self.cache = cache
        self.device = device
        self.stages = stages

    def run(
        self, config: ResolvedConfig, progress: RunContext, *, anew_from: str | None = None
    ) -> Outcome:
        """Make one picture, beginning after the last stage whose result is kept.

        From the stage `anew_from` on, what is kept is not looked at.

        Raises:
            CancelledError: the job was cancelled; stages that were done are kept.
            OutOfMemoryError: there was no room with every fallback; stages that were done are kept.
            NotFiniteError: a stage computed no numbers, in float32 either.
            MediaLabError: a stage cannot go on; its text says why.
        """
        active = [stage for stage in self.stages if config.runs(stage.name)]
        keys = self.keys(config)
        names = [stage.name for stage in active]
        may_reuse = self._before(anew_from, config)
        frame, done = self._latest(keys[:may_reuse])
        progress.begin(frame.image)
        measured: dict[str, dict[str, Any]] = {
            stage.name: {"seconds": 0.0, "memory_bytes": _memory_bytes(), "cached": True}
            for stage in active[:done]
        }
        started = datetime.now(UTC)
        may_keep = True
        for stage, key in zip(active[done:], keys[done:], strict=True):
            recall = partial(self._part_of, key, progress)
            with progress.stage(stage.name, recall) as retries:
                threads.preload()
                before = time.perf_counter()
                settings = config.settings_for(stage.name, stage.settings)
                with threads.computing_with(_threads_of(config)):
                    frame = retries.run(stage.name, partial(stage.run, frame, settings, progress))
            if retries.done:
                frame = _with_retries(frame, stage.name, retries.done)
            seconds = round(time.perf_counter() - before, 4)
            # Another day, with more memory, the key would stand for other pixels.
            may_keep = may_keep and retries.exact
            if may_keep:
                self.cache.put(key, encode_frame(frame))
            measured[stage.name] = {
                "seconds": seconds,
                "memory_bytes": _memory_bytes(),
                "cached": False,
            }
            progress.finish(seconds, frame.image)
        if frame.image is None:
            message = f"no picture was made by {', '.join(names)}"
            raise RuntimeError(message)
        return Outcome(
            frame.image,
            self._record(config, active, frame, measured, started)
            | {"threads": _threads_of(config)}
            | ({"notices": news} if (news := self.cache.take_news()) else {}),
            frame.detections,
        )

    def _part_of(
        self,
        key: StageKey,
        progress: RunContext,
        facts: Mapping[str, Any],
        make: Callable[[], bytes],
    ) -> tuple[bytes, bool]:
        """A part of a stage's work, kept by what decided it: the facts, and the stage's models."""
        own = replace(key, stage=f"{key.stage}, a part with retries", settings=facts, before="")
        found = self.cache.read(own, _read_part)
        if found is not None:
            content, retries = found
            progress.retries.done.extend(retries)
            return content, True
        before = len(progress.retries.done)
        content = make()
        if progress.retries.exact:
            self.cache.put(own, _written_part(content, progress.retries.done[before:]))
        return content, False

    def keys(self, config: ResolvedConfig) -> list[StageKey]:
        """The key of each stage that this config runs, in order."""
        found: list[StageKey] = []
        environment = dict(all_versions()) | {
            "device": self.device.partition(":")[0],
            "dtype": dtype_name(self.device),
            "processor": threads.processor(self.device),
            "threads": str(_threads_of(config)),
        }
        for stage in self.stages:
            if not config.runs(stage.name):
                continue
            settings = config.settings_for(stage.name, stage.settings)
            found.append(
                StageKey(
                    stage=stage.name,
                    version=stage.version,
                    settings=settings.model_dump(mode="json"),
                    models={
                        f"{model.kind} {model.name}": config.sha256_of(*model)
                        for model in stage.models(settings)
                    }
                    | {"checkpoint": config.checkpoint_sha256}
                    | {
                        f"embedding {name}": config.sha256_of("embedding", name)
                        for name in config.embeddings()
                    },
                    before=found[-1].digest if found else "",
                    environment=environment,
                )
            )
        return found

    def unmade(self, config: ResolvedConfig) -> list[str]:
        """The stages that would run, which is all behind the last one whose result is kept."""
        keys = self.keys(config)
        kept = [number for number, key in enumerate(keys, start=1) if self.cache.holds(key)]
        return [key.stage for key in keys[max(kept, default=0) :]]

    def explain(self, config: ResolvedConfig) -> list[Explanation]:
        """For each stage that this config runs: is its result kept, and if not, what changed."""
        return [self.cache.explain(key) for key in self.keys(config)]

    def _before(self, stage: str | None, config: ResolvedConfig) -> int:
        """How many of the stages that run stand before this one; all, without one."""
        every = [one.name for one in self.stages]
        before = every[: every.index(stage)] if stage in every else every
        return sum(config.runs(name) for name in before)

    def _latest(self, keys: Sequence[StageKey]) -> tuple[Frame, int]:
        """The frame after the last of these stages that is kept, and how many that spares."""
        for number in range(len(keys), 0, -1):
            frame = self.cache.read(keys[number - 1], partial(decode_frame, device=self.device))
            if frame is not None:
                return frame, number
        return Frame(), 0

    def _record(
        self,
        config: ResolvedConfig,
        active: Sequence[PipelineStage[Any]],
        frame: Frame,
        measured: dict[str, dict[str, Any]],
        started: datetime,
    ) -> dict[str, Any]:
        """What was applied, as plain JSON values."""
        return {
            "started": started.isoformat(timespec="milliseconds"),
            "device": self.device,
            "dtype": dtype_name(self.device),
            "processor": threads.processor(self.device),
            "versions": dict(all_versions()),
            "stages": [
                {
                    "name": stage.name,
                    "version": stage.version,
                    **measured[stage.name],
                    "applied": _with_hash(frame.applied.get(stage.name, {}), config),
                }
                for stage in active
            ],
        }


def _threads_of(config: ResolvedConfig) -> int:
    """CPU threads that a run computes with; configs of before they were written tell none."""
    return config.threads or threads.default_threads()


def _written_part(content: bytes, retries: Sequence[Retry]) -> bytes:
    """A part of a picture with what was done again to make it, on a line before it."""
    return json.dumps([asdict(retry) for retry in retries]).encode() + b"\n" + content


def _read_part(written: bytes) -> tuple[bytes, list[Retry]]:
    """A part of a picture, and what was done again to make it.

    Raises:
        ValueError: these bytes are none.
    """
    line, _, content = written.partition(b"\n")
    try:
        retries = [Retry(**one) for one in json.loads(line)]
    except (TypeError, RecursionError) as error:
        message = f"no retries of a part of a picture: {error}"
        raise ValueError(message) from error
    unpacked(content)
    return content, retries


def _with_hash(applied: Mapping[str, Any], config: ResolvedConfig) -> dict[str, Any]:
    """Return what a stage applied, with what the checkpoint that took over holds."""
    if "handover" not in applied:
        return dict(applied)
    sha256 = config.sha256_of("checkpoint", applied["handover"]["checkpoint"])
    return {**applied, "handover": {**applied["handover"], "sha256": sha256}}


def _with_retries(frame: Frame, stage: str, retries: Sequence[Retry]) -> Frame:
    """Return the frame with what was done again told among what its stage applied."""
    told = [retry.as_record for retry in retries]
    return frame.with_applied(stage, **frame.applied.get(stage, {}), retries=told)


def _memory_bytes() -> int:
    """Resident memory of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)
