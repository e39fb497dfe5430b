"""What a request needs of memory, stage by stage, before anything of it is made.

Weights are counted from headers, work from the sizes that stages will draw at. What cannot fit,
whatever is done, is refused by the stage's name; what fits only by going slower is not.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelRefusedError, OutOfMemoryError
from medialab.families import RUNNING
from medialab.listing.snapshot import Snapshot
from medialab.loading.memory_needs import (
    ITEM_BYTES,
    PICTURE_BYTES,
    bytes_in_memory,
    decoding_bytes,
    encoding_bytes,
)
from medialab.loading.networks import dtype_name
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.process.memory import gigabytes
from medialab.runs.plan import StageRequest
from medialab.runs.sizes import sizes_of
from medialab.runs.ties import may_be_untied
from medialab.settings.sampling import SamplingConfig

# Pixels a side that a VAE decodes at once with every fallback, whatever the picture's size, and
# that a tile or a detail is drawn at where neither settings nor the checkpoint say so.
_LEAST_TILE, _USUAL_TILE = 256, 1024
_FINISHED_BYTES = 3  # a pixel of a finished picture

Size = tuple[int, int]


class StageNeed(NamedTuple):
    """What one stage needs at the size that it leaves the picture at, in bytes.

    `weights` are those of its models. `usual` is what it takes to work as it does with enough
    memory, `least` what it takes with every fallback.
    """

    stage: str
    size: Size
    weights: int
    usual: int
    least: int


class MemoryPlan(NamedTuple):
    """What the stages of a run need, and what may be given to them: free, or kept for later.

    `pictures` is how many the run makes: all of them stay until it is done.
    """

    stages: tuple[StageNeed, ...]
    available: int
    pictures: int = 1

    @property
    def largest(self) -> StageNeed:
        """The stage that needs most; models of the others may go for it."""
        return max(self.stages, key=lambda one: one.weights + one.usual)

    @property
    def nbytes(self) -> int:
        """What the run needs to go as fast as it can."""
        return self.largest.weights + self.largest.usual

    @property
    def fits(self) -> bool:
        """Whether all goes as fast as it can; otherwise pieces are made smaller, and told."""
        return self.nbytes <= self.available

    def of(self, stages: Collection[str]) -> "MemoryPlan":
        """The same for these stages alone."""
        return self._replace(stages=tuple(one for one in self.stages if one.stage in stages))

    def __str__(self) -> str:
        """One sentence, for a person."""
        one = self.largest
        return (
            f"{self._in_short}: {one.stage} at {one.size[0]} × {one.size[1]} px takes most, "
            f"{gigabytes(one.weights)} for weights and {gigabytes(one.usual)} for its work"
        )

    @property
    def _in_short(self) -> str:
        return f"needs {gigabytes(self.nbytes)} of memory, {gigabytes(self.available)} are free"

    @property
    def told(self) -> str:
        """It in short where there is enough; else the sentence, and what is done then."""
        return (
            self._in_short if self.fits else f"{self}; it falls back to slower ways that need less"
        )

    def refuse_impossible_batch(self) -> None:
        """Refuse more pictures than can be kept until the last is done.

        Raises:
            OutOfMemoryError: the text says how many there are, what they need and what to change.
        """
        width, height = self.stages[-1].size
        if (finished := self.pictures * width * height * _FINISHED_BYTES) > self.available:
            message = (
                f"{self.pictures} pictures of {width} × {height} px need {gigabytes(finished)} of "
                f"memory, {gigabytes(self.available)} are free: make fewer at once (batch_size)"
            )
            raise OutOfMemoryError(message)

    def refuse_impossible(self) -> None:
        """Refuse what does not fit with every fallback either.

        Raises:
            OutOfMemoryError: the text names the stage, what it needs and what to change.
        """
        for one in self.stages:
            if (least := one.weights + one.least) > self.available:
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
    """Work out what a request needs. Cost: some milliseconds; headers are read, and no weight.

    Args:
        config: the request.
        stages: those that it runs.
        start: width and height in pixels before the first stage that draws.
        registry: knows the device, and the size that a checkpoint was trained at.
        listing: the models as the request sees them.
        available: bytes that may be given to it.
    """
    dtype = dtype_name(registry.device)
    # By now resolved configs are tied to all that is here.
    absent = may_be_untied(config, stages) if isinstance(config, ResolvedConfig) else []
    told = {one.stage: one for one in sizes_of(config, stages, start)}
    found, size = [], start
    for one in stages:
        stage, settings = one.stage, one.settings
        size = told[stage.name].size if stage.name in told else size
        used = [listing.find(name, kind) for kind, name in one.models if (kind, name) not in absent]
        usual = least = size[0] * size[1] * PICTURE_BYTES
        told_size = told.get(stage.name)
        draws_whole = told_size is not None and told_size.draws
        samples = isinstance(settings, SamplingConfig) or draws_whole
        if samples and config.draws(stage.name):
            name = getattr(settings, "checkpoint", None) or config.checkpoint
            checkpoint = listing.find(name, "checkpoint")
            own_tile = _own_tile(registry, checkpoint)
            drawn = size if draws_whole else stage.drawn_at_once(size, settings, own_tile)
            if drawn is not None:
                used.append(checkpoint)
                works = list(_work(settings, config, drawn, checkpoint, ITEM_BYTES[dtype]))
                usual += max(most for most, _ in works)
                least += max(smallest for _, smallest in works)
        weights = sum(
            info.size_bytes if info.kind == "lora" else bytes_in_memory(info, dtype)
            for info in {info.path: info for info in used}.values()
        )
        found.append(StageNeed(stage.name, size, weights, usual, least))
    return MemoryPlan(tuple(found), available, config.batch_size)


def _own_tile(registry: ModelRegistry, checkpoint: ModelInfo) -> int:
    """Pixels a side that a checkpoint was trained at."""
    try:
        return registry.native_size(checkpoint)
    except ModelRefusedError:  # none need tell it
        return _USUAL_TILE


def _work(
    settings: Any, config: PipelineConfig, size: Size, checkpoint: ModelInfo, item_bytes: int
) -> Iterator[tuple[int, int]]:
    """What each piece of a stage's work takes, as a rule and with every fallback."""
    family = RUNNING[checkpoint.family]
    widths = family.needs.widths(checkpoint)
    guidance = getattr(settings, "guidance_scale", None) or config.guidance_scale
    rows = 2 if guidance > 1 else 1
    reduction = family.latents.reduction
    latents = -(-size[0] // reduction), -(-size[1] // reduction)
    denoising = family.needs.denoising_bytes
    yield (
        denoising(latents, widths.denoiser, item_bytes, rows),
        denoising(latents, widths.denoiser, item_bytes, 1),
    )
    small = min(size[0], _LEAST_TILE), min(size[1], _LEAST_TILE)
    for takes in (decoding_bytes, encoding_bytes):
        yield (
            takes(*size, widths.vae, item_bytes),
            takes(*small, widths.vae, item_bytes),
        )
