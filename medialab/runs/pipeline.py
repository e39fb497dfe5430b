"""Run the stages of a plan in order, through the cache."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.previews import Pace
from medialab.diffusion.repainting import unpacked
from medialab.diffusion.together import Places
from medialab.errors import CancelledError, MediaLabError
from medialab.process import threads
from medialab.process.memory import used_bytes
from medialab.process.retries import Retry, RetryPolicy
from medialab.process.versions import all_versions
from medialab.runs.begun import Ahead, Begun
from medialab.runs.cache import Explanation, StageCache
from medialab.runs.context import RunContext
from medialab.runs.encoded_texts import EncodedTexts
from medialab.runs.frames import decode_frame, encode_frame
from medialab.runs.plan import PicturePlan, PlannedStage, dtype_of, environment_of, threads_of
from medialab.runs.stage_keys import StageKey
from medialab.stage import Frame, JointStage, Work

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
        ahead: pictures that were drawn with an earlier one.
    """

    def __init__(self, cache: StageCache, device: str, ahead: Ahead | None = None) -> None:
        self.cache = cache
        self.device = device
        self.ahead = ahead or Ahead()

    def run(
        self,
        picture: PicturePlan,
        context: RunContext,
        *,
        anew_from: str | None = None,
        later: Callable[[], Sequence[tuple[PicturePlan, RunContext]]] = tuple,
    ) -> Outcome:
        """Make one picture, beginning after the last stage whose result is cached.

        Args:
            picture: the plan.
            context: lends the stages models and pictures, and reports their events.
            anew_from: the name of a stage; its cached result and all later ones are not used.
            later: returns the pictures after it that are denoised with it; called if that is not
                cached. They are made as far as that, and go on from there when they are run.

        Raises:
            CancelledError: the job was cancelled; finished stages stay cached.
            OutOfMemoryError: it did not fit with every fallback; finished stages stay cached.
            NotFiniteError: a stage computed NaN or infinity, in float32 too.
            MediaLabError: a stage cannot go on; its message says why.
        """
        begun = self._begun(picture, context, anew_from)
        while begun.left:
            if begun.together is None:
                self._make([begun])
            else:
                self._draw_together(begun, later(), anew_from)
        frame = begun.frame
        if frame.image is None:
            message = f"no picture was made by {', '.join(one.name for one in picture.stages)}"
            raise RuntimeError(message)
        return Outcome(
            frame.image,
            self._record(begun) | ({"notices": news} if (news := self.cache.take_news()) else {}),
            frame.detections,
        )

    def _begun(self, picture: PicturePlan, context: RunContext, anew_from: str | None) -> Begun:
        """Return a picture as far as it is made: with others, or in the cache."""
        found = self.ahead.take(picture, context)
        if found is None:
            frame, done = self._latest(picture, anew_from)
            cached = {"seconds": 0.0, "memory_bytes": used_bytes(), "cached": True}
            measured = {one.name: dict(cached) for one in picture.stages[:done]}
            found = Begun(picture, context, frame, done, measured, datetime.now(UTC))
        texts = EncodedTexts(self.cache, environment_of(picture.config, self.device))
        context.begin(found.frame.image, texts)
        return found

    def _draw_together(
        self,
        begun: Begun,
        later: Sequence[tuple[PicturePlan, RunContext]],
        anew_from: str | None,
    ) -> None:
        """Run a picture's next stage, at once with those of the later ones that lack its result.

        If one of them computes NaN or is refused, or memory runs out, the first is drawn by itself,
        with copies in the places of the others, as when it is made again alone; those try again in
        their turn.
        """
        before, group = begun.done, [begun]
        for one in later:
            try:
                other = self._begun(*one, anew_from)
                while other.done < before:
                    self._make([other])
            except CancelledError:
                raise
            except MediaLabError:  # such as one that refuses its prompt: told in its turn
                continue
            if other.done == before:
                group.append(other)
            elif not other.may_keep:  # it waits on: the cache does not have it
                self.ahead.put(other)
        try:
            self._make(group)
        except CancelledError:
            raise
        except MediaLabError:
            if len(group) == 1:
                raise
            self._make([begun])
        else:
            for other in group[1:]:
                self.ahead.put(other)

    def _make(self, group: Sequence[Begun]) -> None:
        """Run the next stage of a picture, or of several at once."""
        stage = group[0].next
        with ExitStack() as undo:
            policies = []
            count = sum(one.context.is_told for one in group)  # the job's own, which come first
            pace = Pace(len(group)) if len(group) > 1 else None
            for place, one in enumerate(group, start=1):
                recall = partial(self._part_of, one.next.key, one.context)
                entered = one.context.stage(stage.name, recall, (place, count), pace)
                policies.append(undo.enter_context(entered))
            threads.preload()
            before = time.perf_counter()
            with threads.computing_with(threads_of(group[0].picture.config)):
                frames = _run(group, policies[0])
            for one, retries, frame in zip(group, policies, frames, strict=True):
                told = _with_retries(frame, stage.name, retries.done) if retries.done else frame
                one.frame = told.with_result(stage.name)
            seconds = round((time.perf_counter() - before) / len(group), 4)
            for one, retries in zip(group, policies, strict=True):
                # With more memory, the same key would stand for other pixels.
                one.may_keep = one.may_keep and retries.exact
                if one.may_keep:
                    self.cache.put(one.next.key, encode_frame(one.frame))
            for one in group:  # whoever hears that one is done finds all of them in the cache
                one.measured[stage.name] = {
                    "seconds": seconds,
                    "memory_bytes": used_bytes(),
                    "cached": False,
                }
                one.done += 1
                one.context.finish(seconds, one.frame.image)

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

    def _record(self, begun: Begun) -> dict[str, Any]:
        """Return the record: versions, times and what each stage applied, as plain JSON values."""
        picture, frame = begun.picture, begun.frame
        return {
            "started": begun.started.isoformat(timespec="milliseconds"),
            "device": self.device,
            "dtype": dtype_of(picture.config, self.device),
            "processor": threads.processor(self.device),
            "versions": dict(all_versions()),
            "stages": [
                {
                    "name": one.name,
                    "version": one.stage.version,
                    **begun.measured[one.name],
                    **_result_of(frame, one.name),
                    "applied": _with_hash(frame.applied.get(one.name, {}), picture.config),
                }
                for one in picture.stages
            ],
            "threads": threads_of(picture.config),
        }


def _run(group: Sequence[Begun], retries: RetryPolicy) -> list[Frame]:
    """Return the frames of pictures after their next stage.

    Several are not repeated in float32 for the NaN of one, which would change the others.
    """
    one = group[0]
    name, stage, together = one.next.name, one.next.stage, one.together
    if together is None or not isinstance(stage, JointStage):
        work = partial(stage.run, one.frame, one.next.settings, one.context)
        return [retries.run(name, work)]
    taken = [each.together.place - 1 for each in group if each.together]
    pictures = [Work(each.frame, each.next.settings, each.context) for each in group]
    draw = partial(stage.run_together, pictures, Places(taken, together.pictures))
    return retries.run(name, draw) if len(group) == 1 else retries.attempt(name, (), draw)


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
