"""Makes the pictures of requests on a worker: plans each, runs its stages and saves it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.artifacts import Artifact, ArtifactManager
from medialab.config.resolved import ResolvedConfig
from medialab.errors import CancelledError, PictureError
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager
from medialab.pictures.store import PictureStore
from medialab.process.events import Event
from medialab.process.jobs import Job, Unfinished
from medialab.process.retries import naming_out_of_memory
from medialab.runs.begun import Ahead
from medialab.runs.belongings import picture_before_detailers
from medialab.runs.cache import StageCache
from medialab.runs.drawn_together import measures_pairs
from medialab.runs.inversion_names import read_as_text
from medialab.runs.memory_plan import MemoryPlan
from medialab.runs.plan import PicturePlan, Plan
from medialab.runs.request import Request
from medialab.runs.resolver import Resolver
from medialab.runs.run import Run
from medialab.runs.saving import PictureSaver
from medialab.runs.used_models import without_unused_hashes
from medialab.runs.writer import Writer
from medialab.stages.detailer.edits import DetectionEdit, DetectionTable

if TYPE_CHECKING:
    from PIL import Image

    from medialab.runs.context import RunContext
    from medialab.runs.pipeline import Outcome, Pipeline
    from medialab.vision.detections import Detection

_LOG = logging.getLogger("medialab")
INTERRUPTED = "interrupted"  # the tag of a cancelled picture


class Maker:
    """A worker that makes requests' pictures with one registry's models, on the calling thread.

    Args:
        registry: The models.
        pictures: The stored pictures, which requests name.
        artifacts: Takes the pictures that are made.
        cache: Of the stages' results.
        threads: As for `Resolver`.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        pictures: PictureStore,
        artifacts: ArtifactManager,
        cache: StageCache,
        threads: int | None = None,
    ) -> None:
        self.resolver = Resolver(registry, pictures, threads)
        self.loras = LoRAManager(registry.budget, registry.hashes)
        self._registry, self._pictures = registry, pictures
        self._artifacts, self.cache = artifacts, cache
        artifacts.make_room = partial(cache.let_go, folder=artifacts.folder)
        self._saver, self._writer = PictureSaver(artifacts, cache), Writer()
        self._ahead = Ahead()

    def pipeline(self) -> "Pipeline":
        """Return the pipeline through this maker's cache. Cost: the first call imports torch."""
        from medialab.runs.pipeline import Pipeline

        return Pipeline(self.cache, self._registry.device, self._ahead)

    @naming_out_of_memory("what goes with the picture")
    def make(self, request: Request, job: Job[Run]) -> Run | Unfinished[Run]:
        """Make the pictures one after another, and report each step with the job's events.

        Each is written while the next one is drawn, be it of this request or of the next.

        Raises:
            CancelledError: the job was cancelled; finished pictures are saved.
            ArtifactError: a finished picture could not be written.
            MediaLabError: a request or a stage is refused; the message says why.
        """
        # Here on the worker, since hashing a new file takes seconds a gigabyte.
        plan = self.resolver.plan(request.config, threads=request.threads)
        job.check()
        self._registry.budget.begin_run()
        if len(plan.pictures) > 1:
            self._needs_of(plan, plan.pictures[0], plan.config).refuse_impossible_batch()
        pipeline, images, records = self.pipeline(), [], []
        self._ahead.begin(goes_on=bool(request.beside) and request.anew_from is None)
        saving: list[Future[tuple[Artifact, bool]]] = []
        steps: list[float | None] = []  # seconds of each picture's fastest one
        detections: dict[str, DetectionTable] = {}
        with ExitStack() as unless_drawn:
            unless_drawn.callback(_wait_for_last, saving)
            for number, picture in enumerate(plan.pictures, start=1):
                which = number, len(plan.pictures)
                context = self._context(request, job, plan, picture, which)
                later = partial(self._drawn_with, request, job, plan, number)
                if needs := self._needs(plan, picture, pipeline):
                    context.models.offload = needs.way
                    job.emit(Event("planned", job.name, told=needs.summary))
                with self._keeping_interrupted(request, job, picture, context):
                    outcome = pipeline.run(
                        picture, context, anew_from=request.anew_from, later=later
                    )
                steps.append(context.fastest.get(plan.config.mode))
                news = read_as_text(picture.config, outcome.record, plan.listing)
                if number == 1:
                    try:
                        detections = self._editable(outcome.detections, picture.config)
                    except PictureError as error:  # the picture was made all the same
                        news.append(f"the detections cannot be edited: {error}")
                self._tell(outcome, picture, news)
                images.append(outcome.image)
                records.append(outcome.record | ({"memory": str(needs)} if needs else {}))
                if request.save:
                    _wait_for_last(saving)
                    save = partial(self._save, request, picture, outcome.image, records[-1])
                    saving.append(self._writer.submit(save))
            unless_drawn.pop_all()
        if measures_pairs(plan.config):
            self.resolver.keep_gain_of_pairs(plan, *steps[:2])
        make = partial(Run, plan.config, images, records, detections=detections)
        if not saving:
            return make([], already_there=[])
        return Unfinished(saving[-1], lambda: _with_files(make, saving))

    def _drawn_with(
        self, request: Request, job: Job[Run], plan: Plan, number: int
    ) -> "list[tuple[PicturePlan, RunContext]]":
        """Return the pictures that are denoised at once with one: later ones, other requests'.

        Those requests are planned here, since most of their rows find their picture in the cache.
        """
        others = self.resolver.plan_beside(request.beside, plan, threads=request.threads)
        count = len(plan.pictures)
        return [
            (picture, self._context(request, job, plan, picture, (at, count)))
            for at, picture in [*plan.drawn_with(number), *((0, other) for other in others)]
        ]

    def _context(
        self,
        request: Request,
        job: Job[Run],
        plan: Plan,
        picture: PicturePlan,
        which: tuple[int, int],
    ) -> "RunContext":
        """Return the context of a picture's run; a number of 0 is another request's, and silent."""
        from medialab.runs.context import RunContext

        return RunContext(
            picture.config,
            self._registry,
            self._pictures,
            self.loras,
            job,
            which,
            listing=plan.listing,
            keeps_interrupted=request.keeps_interrupted,
        )

    @naming_out_of_memory("what goes with the picture")
    def _save(
        self,
        request: Request,
        picture: PicturePlan,
        image: "Image.Image",
        record: dict[str, Any],
    ) -> tuple[Artifact, bool]:
        """Save a picture; on the writer's thread. The run's record tells what that took."""
        tied = without_unused_hashes(picture, record)
        saved = self._saver.save(picture, image, tied, record, duplicates=request.duplicates)
        if news := self.cache.take_news():
            record["notices"] = [*record.get("notices", ()), *news]
            for notice in news:
                _LOG.warning(notice)
        return saved

    def _tell(self, outcome: "Outcome", picture: PicturePlan, news: Sequence[str]) -> None:
        """Add the notices for a person to a picture's record, and log them."""
        record, aside = outcome.record, picture.set_aside
        notices = [*news, *(f"{one.stage}: {one.as_record['why']}" for one in aside)]
        if notices := [*notices, *self._pictures.take_news()]:
            record["notices"] = [*record.get("notices", ()), *notices]
        if aside:
            record["set_aside"] = [one.as_record for one in aside]
        for notice in record.get("notices", ()):
            _LOG.warning(notice)

    def _needs_of(
        self, plan: Plan, picture: PicturePlan, config: ResolvedConfig | None = None
    ) -> MemoryPlan:
        return self.resolver.memory_of(config or picture.config, picture.stages, plan.listing)

    def _needs(self, plan: Plan, picture: PicturePlan, pipeline: "Pipeline") -> MemoryPlan | None:
        """Return the memory plan of the stages that are not cached; None if all are.

        Raises:
            OutOfMemoryError: one of them does not fit; nothing was loaded.
        """
        left = pipeline.unmade(picture)
        if not left:
            return None
        needs = self._needs_of(plan, picture).of([one.name for one in left])
        needs.refuse_impossible()
        if not needs.fits:
            _LOG.warning("this run %s", needs.summary)
        return needs

    @contextmanager
    def _keeping_interrupted(
        self, request: Request, job: Job[Run], picture: PicturePlan, context: "RunContext"
    ) -> Iterator[None]:
        """Save and tag the picture as far as it was made if it is cancelled within the block.

        Raises:
            CancelledError: it was cancelled; the message has the path if anything was saved.
        """
        try:
            yield
        except CancelledError as cancelled:
            self._writer.wait()
            keeps = request.keeps_interrupted or (request.save and job.keeps_unfinished)
            if not keeps or (found := context.unfinished()) is None:
                raise
            image, where = found
            artifact = self._artifacts.save(image, picture.config, {"interrupted": where})
            self._artifacts.annotate(artifact.path, tags=[INTERRUPTED])
            message = (
                f"the run was cancelled in {where['stage']}; what there was is {artifact.path}"
            )
            raise CancelledError(message) from cancelled

    def _editable(
        self, detections: "Mapping[str, Sequence[Detection]]", config: ResolvedConfig
    ) -> dict[str, DetectionTable]:
        """Return detections as settings, which a person may switch off, reorder and change.

        Those that a person has edited already are returned unchanged.
        """
        if not any(detections.values()):
            return {stage: DetectionTable(()) for stage in detections}
        searched = picture_before_detailers(config, enlarged=True)
        return {
            stage: DetectionTable(
                getattr(config, stage).detections
                or (DetectionEdit.of(one, self._pictures.keep(one.mask), searched) for one in found)
            )
            for stage, found in detections.items()
        }


def _wait_for_last(saving: Sequence[Future[tuple[Artifact, bool]]]) -> None:
    """Wait until the last finished picture is on the disk, or raise the error of writing it."""
    if saving:
        saving[-1].result()


def _with_files(make: Callable[..., Run], saving: Sequence[Future[tuple[Artifact, bool]]]) -> Run:
    """Return the run with its files, or raise the error of one that could not be written."""
    saved = [one.result() for one in saving]
    return make(
        [artifact for artifact, _ in saved], already_there=[was_there for _, was_there in saved]
    )
