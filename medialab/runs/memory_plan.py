"""The memory that a request needs against what is free, computed before anything is made.

A stage that cannot fit even with every fallback is refused by name; one that fits only with slower
fallbacks is not.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import OutOfMemoryError
from medialab.listing.snapshot import Snapshot
from medialab.loading.registry import ModelRegistry
from medialab.process.memory import gigabytes
from medialab.process.offloading import WORDS, Demand, Offload, Way, way_for
from medialab.runs.needed_checkpoint import checkpoint_of
from medialab.runs.plan import StageRequest
from medialab.runs.run_precision import precision_for
from medialab.runs.sizes import sizes_of
from medialab.runs.stage_needs import Size, StageNeed, StageNeeds
from medialab.runs.used_models import optional_models

_FINISHED_BYTES = 3  # bytes a pixel of a finished picture


class MemoryPlan(NamedTuple):
    """The memory needs of a run's stages, and the memory available to them.

    Attributes:
        stages: in order.
        available: bytes that are free, or held by caches and can be freed.
        pictures: the number of pictures that the run makes; all stay in memory until it is done.
        asked: which parts of checkpoints wait on the CPU, as asked for.
        is_apart: whether the device has memory of its own, beside the CPU's.
    """

    stages: tuple[StageNeed, ...]
    available: int
    pictures: int = 1
    asked: Offload = "automatic"
    is_apart: bool = False

    @property
    def way(self) -> Way:
        """How the checkpoints' parts are kept."""
        if not self.is_apart:
            return "none"
        drawing = (one for one in self.stages if one.parts is not None)
        demands = [
            Demand(one.parts, one.usual, one.weights - one.parts.all)
            for one in drawing
            if one.parts is not None
        ]
        return way_for(self.asked, demands, self.available)

    @property
    def largest(self) -> StageNeed:
        """The stage that needs most; the models of other stages can be released for it."""
        return max(self.stages, key=lambda one: one.weights + one.usual)

    @property
    def nbytes(self) -> int:
        """Bytes that the run needs to work without fallbacks."""
        return self.largest.weights + self.largest.usual

    @property
    def fits(self) -> bool:
        """Whether the run needs no fallback."""
        return self.nbytes <= self.available

    def of(self, stages: Collection[str]) -> "MemoryPlan":
        """Return the plan of these stages only."""
        return self._replace(stages=tuple(one for one in self.stages if one.stage in stages))

    def __repr__(self) -> str:
        """Return one sentence for a person."""
        one = self.largest
        return (
            f"{self._in_short}: {one.stage} at {one.size[0]} × {one.size[1]} px takes most, "
            f"{gigabytes(one.weights)} for weights and {gigabytes(one.usual)} for its work"
        )

    @property
    def _in_short(self) -> str:
        return f"needs {gigabytes(self.nbytes)} of memory, {gigabytes(self.available)} are free"

    @property
    def summary(self) -> str:
        """The needs in short, or, if they are more than there is, the whole sentence."""
        way = self.way
        if way != "none":
            most = max(one.on_device(way, one.usual) for one in self.stages)
            short = f"{self._in_short}: {WORDS[way]}, and it needs {gigabytes(most)}"
            fits = most <= self.available
            return short if fits else f"{short}; it falls back to slower ways that need less"
        return (
            self._in_short if self.fits else f"{self}; it falls back to slower ways that need less"
        )

    def refuse_impossible_batch(self) -> None:
        """Refuse more pictures than fit in memory until the last is done.

        Raises:
            OutOfMemoryError: the message says how many there are, their need and the setting to
                change.
        """
        width, height = self.stages[-1].size
        if (finished := self.pictures * width * height * _FINISHED_BYTES) > self.available:
            message = (
                f"{self.pictures} pictures of {width} × {height} px need {gigabytes(finished)} of "
                f"memory, {gigabytes(self.available)} are free: make fewer at once (batch_size)"
            )
            raise OutOfMemoryError(message)

    def refuse_impossible(self) -> None:
        """Refuse a plan that does not fit even with every fallback.

        Raises:
            OutOfMemoryError: the message names the stage, its need and the settings to change.
        """
        for one in self.stages:
            if (least := one.on_device(self.way, one.least)) > self.available:
                message = (
                    f"{one.stage} at {one.size[0]} × {one.size[1]} px needs at least "
                    f"{gigabytes(least)} of memory, {gigabytes(self.available)} are free: make the "
                    "picture smaller (width and height, or the scale of refiner or upscaler), "
                    "choose a smaller checkpoint, or close other programs and kernels"
                )
                raise OutOfMemoryError(message)


def plan_memory(
    config: PipelineConfig,
    stages: Sequence[StageRequest],
    start: Size,
    registry: ModelRegistry,
    listing: Snapshot,
    available: int,
) -> MemoryPlan:
    """Work out the memory needs of a request.

    Cost: some milliseconds; headers are read, no weights.

    Args:
        config: the request.
        stages: those that it runs.
        start: width and height in pixels before the first stage that draws.
        registry: knows the device, and the size that a checkpoint was trained at.
        listing: the models as the request sees them.
        available: bytes that may be used.
    """
    checkpoint = checkpoint_of(config, listing)
    dtype = precision_for(config, checkpoint, registry.device, registry.facts)
    needs = StageNeeds(config, registry, listing, dtype)
    # This config has the hashes of all models that are here by now.
    absent = optional_models(config, stages) if isinstance(config, ResolvedConfig) else []
    sizes = {one.stage: one for one in sizes_of(config, stages, start)}
    found, size = [], start
    for one in stages:
        after = sizes.get(one.name)
        size = after.size if after is not None else size
        used = [listing.find(name, kind) for kind, name in one.models if (kind, name) not in absent]
        found.append(needs.of(one, size, used, draws_whole=after is not None and after.draws))
    is_apart = registry.device.startswith("cuda")
    return MemoryPlan(tuple(found), available, config.batch_size, config.offload, is_apart)
