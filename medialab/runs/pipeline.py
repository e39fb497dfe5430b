"""Run the stages of a plan in order, through the cache."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.repainting import unpacked
from medialab.process import threads
from medialab.process.memory import used_bytes
from medialab.process.retries import Retry
from medialab.process.versions import all_versions
from medialab.runs.cache import Explanation, StageCache, StageKey
from medialab.runs.context import RunContext
from medialab.runs.encoded_texts import EncodedTexts
from medialab.runs.frames import decode_frame, encode_frame
from medialab.runs.plan import PicturePlan, PlannedStage, dtype_of, environment_of, threads_of
from medialab.stage import Frame

if TYPE_CHECKING:
    from PIL import Image

    from medialab.vision.detections import Detection


@dataclass(frozen=True)
class Outcome:
    """A finished picture, the record of how it was made, and the detections of the detailers."""

    image: "Image.Image"
    record: dict[str, Any]
    detections: "Mapping[str, Sequence[Detection]]"


class Pipeline:
    """The stages of a plan, run in a straight line through the cache.

    Attributes:
        cache: holds the stages' results.
        device: the torch device that the models run on.
    """

    def __init__(self, cache: StageCache, device: str) -> None:
        self.cache = cache
        self.device = device

    def run(
        self, picture: PicturePlan, context: RunContext, *, anew_from: str | None = None
    ) -> Outcome:
        """Make one picture, beginning after the last stage whose result is cached.

        Args:
            picture: the plan.
            context: lends the stages models and pictures, and reports their events.
            anew_from: the name of a stage; its cached result and all later ones are not used.

        Raises:
            CancelledError: the job was cancelled; finished stages stay cached.
            OutOfMemoryError: it did not fit with every fallback; finished stages stay cached.
            NotFiniteError: a stage computed NaN or infinity, in float32 too.
            MediaLabError: a stage cannot go on; its message says why.
        """
        frame, done = self._latest(picture, anew_from)
        texts = EncodedTexts(self.cache, environment_of(picture.config, self.device))
        context.begin(frame.image, texts)
        measured: dict[str, dict[str, Any]] = {
            one.name: {"seconds": 0.0, "memory_bytes": used_bytes(), "cached": True}
            for one in picture.stages[:done]
        }
        started = datetime.now(UTC)
        may_keep = True
        for one in picture.stages[done:]:
            recall = partial(self._part_of, one.key, context)
            with context.stage(one.name, recall) as retries:
                threads.preload()
                before = time.perf_counter()
                with threads.computing_with(threads_of(picture.config)):
                    work = partial(one.stage.run, frame, one.settings, context)
                    frame = retries.run(one.name, work)
            if retries.done:
                frame = _with_retries(frame, one.name, retries.done)
            frame = frame.with_result(one.name)
            seconds = round(time.perf_counter() - before, 4)
            # With more memory, the same key would stand for other pixels.
            may_keep = may_keep and retries.exact
            if may_keep:
                self.cache.put(one.key, encode_frame(frame))
            measured[one.name] = {
                "seconds": seconds,
                "memory_bytes": used_bytes(),
                "cached": False,
            }
            context.finish(seconds, frame.image)
        if frame.image is None:
            message = f"no picture was made by {', '.join(one.name for one in picture.stages)}"
            raise RuntimeError(message)
        return Outcome(
            frame.image,
            self._record(picture, frame, measured, started)
            | ({"notices": news} if (news := self.cache.take_news()) else {}),
            frame.detections,
        )

    def _part_of(
        self,
        key: StageKey,
        context: RunContext,
        facts: Mapping[str, Any],
        make: Callable[[], bytes],
    ) -> tuple[bytes, bool]:
        """Return a part of a stage's work, cached under the facts and the stage's models.

        Args:
            key: of the stage.
            context: of the run; its retries are stored with the part.
            facts: everything of the part's settings that decides it, as plain JSON values.
            make: computes the part if it is not cached.

        Returns:
            The part, and whether it was cached.
        """
        own = replace(key, stage=f"{key.stage}, a part with retries", settings=facts, before="")
        found = self.cache.read(own, _decode_part)
        if found is not None:
            content, retries = found
            context.retries.done.extend(retries)
            return content, True
        before = len(context.retries.done)
        content = make()
        if context.retries.exact:
            self.cache.put(own, _encode_part(content, context.retries.done[before:]))
        return content, False

    def unmade(self, picture: PicturePlan) -> list[PlannedStage]:
        """Return the stages that would run: all after the last one whose result is cached."""
        cached = [n for n, one in enumerate(picture.stages, 1) if self.cache.holds(one.key)]
        return [*picture.stages[max(cached, default=0) :]]

    def explain(self, picture: PicturePlan) -> list[Explanation]:
        """Return for each stage of a picture whether its result is cached, and what changed."""
        return [self.cache.explain(one.key) for one in picture.stages]

    def _latest(self, picture: PicturePlan, anew_from: str | None) -> tuple[Frame, int]:
        """Return the frame after the last cached stage, and the number of stages up to there."""
        for number in range(picture.before(anew_from), 0, -1):
            key = picture.stages[number - 1].key
            frame = self.cache.read(key, partial(decode_frame, device=self.device))
            if frame is not None:
                return frame, number
        return Frame(), 0

    def _record(
        self,
        picture: PicturePlan,
        frame: Frame,
        measured: dict[str, dict[str, Any]],
        started: datetime,
    ) -> dict[str, Any]:
        """Return the record: versions, times and what each stage applied, as plain JSON values."""
        return {
            "started": started.isoformat(timespec="milliseconds"),
            "device": self.device,
            "dtype": dtype_of(picture.config, self.device),
            "processor": threads.processor(self.device),
            "versions": dict(all_versions()),
            "stages": [
                {
                    "name": one.name,
                    "version": one.stage.version,
                    **measured[one.name],
                    **_result_of(frame, one.name),
                    "applied": _with_hash(frame.applied.get(one.name, {}), picture.config),
                }
                for one in picture.stages
            ],
            "threads": threads_of(picture.config),
        }


def _result_of(frame: Frame, stage: str) -> dict[str, str]:
    """Return the SHA-256 of a stage's picture for the record, if it is known."""
    return {"result": frame.results[stage]} if stage in frame.results else {}


def _encode_part(content: bytes, retries: Sequence[Retry]) -> bytes:
    """Return a part's bytes after a line with the retries that it took."""
    return json.dumps([asdict(retry) for retry in retries]).encode() + b"\n" + content


def _decode_part(written: bytes) -> tuple[bytes, list[Retry]]:
    """Return a part's bytes, and the retries that it took.

    Raises:
        ValueError: the bytes are not a valid part.
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
    """Return the values a stage applied, with the hash of the handover checkpoint."""
    if "handover" not in applied:
        return dict(applied)
    sha256 = config.sha256_of("checkpoint", applied["handover"]["checkpoint"])
    return {**applied, "handover": {**applied["handover"], "sha256": sha256}}


def _with_retries(frame: Frame, stage: str, retries: Sequence[Retry]) -> Frame:
    """Return the frame with the retries among the values that its stage applied."""
    records = [retry.as_record for retry in retries]
    return frame.with_applied(stage, **frame.applied.get(stage, {}), retries=records)
