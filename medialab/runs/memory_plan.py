"""The memory that a request needs, stage by stage, computed before anything is made.

Weights are counted from headers, work from the sizes at which stages draw. A stage that cannot fit
even with every fallback is refused by name; one that fits only with slower fallbacks is not.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.diffusion.step_cache import KEPT_MAPS
from medialab.errors import ModelNotFoundError, ModelRefusedError, OutOfMemoryError
from medialab.families import RUNNING, Family
from medialab.families.needs import with_read
from medialab.listing.snapshot import Snapshot
from medialab.loading.memory_needs import (
    PICTURE_BYTES,
    bytes_in_memory,
    decoding_bytes,
    encoding_bytes,
    part_sizes,
)
from medialab.loading.registry import ModelInfo, ModelRegistry
from medialab.process.memory import gigabytes
from medialab.process.offloading import WORDS, Demand, Offload, PartSizes, Way, way_for
from medialab.process.precisions import ITEM_BYTES
from medialab.runs.drawn_together import pictures_at_once
from medialab.runs.needed_checkpoint import checkpoint_of
from medialab.runs.plan import StageRequest
from medialab.runs.run_precision import precision_for
from medialab.runs.sizes import sizes_of
from medialab.runs.used_models import optional_models
from medialab.settings.fields import names_in_list
from medialab.settings.sampling import SamplingConfig
from medialab.stage import JointStage
from medialab.stages.instruct import InstructConfig

# Side in pixels of the piece that a VAE decodes with every fallback, whatever the picture's size;
# and of a tile or a detail where neither settings nor the checkpoint give one.
_LEAST_TILE, _USUAL_TILE = 256, 1024
_FINISHED_BYTES = 3  # bytes a pixel of a finished picture

Size = tuple[int, int]


class StageNeed(NamedTuple):
    """One stage's memory needs, at the size of the picture that it returns.

    Attributes:
        stage: the stage's name.
        size: width and height in pixels.
        weights: bytes of its models.
        usual: bytes of work without fallbacks.
        least: bytes of work with every fallback.
        parts: bytes of the parts of its checkpoint, which `weights` includes; None if it has none.
    """

    stage: str
    size: Size
    weights: int
    usual: int
    least: int
    parts: PartSizes | None = None

    def on_device(self, way: Way, work: int) -> int:
        """Return the most bytes on the device at once.

        Args:
            way: how the checkpoint's parts are kept.
            work: bytes of work, one of the above.
        """
        if self.parts is None:
            return self.weights + work
        return Demand(self.parts, work, self.weights - self.parts.all).on_device(way)


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

    def __str__(self) -> str:
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
    # This config has the hashes of all models that are here by now.
    absent = optional_models(config, stages) if isinstance(config, ResolvedConfig) else []
    sizes = {one.stage: one for one in sizes_of(config, stages, start)}
    found, size = [], start
    for one in stages:
        stage, settings = one.stage, one.settings
        size = sizes[stage.name].size if stage.name in sizes else size
        used = [listing.find(name, kind) for kind, name in one.models if (kind, name) not in absent]
        usual = least = size[0] * size[1] * PICTURE_BYTES
        parts: PartSizes | None = None
        after = sizes.get(stage.name)
        draws_whole = after is not None and after.draws
        samples = isinstance(settings, SamplingConfig) or draws_whole
        if samples and config.draws(stage.name):
            name = getattr(settings, "checkpoint", None) or config.checkpoint
            checkpoint = listing.find(name, "checkpoint")
            own_tile = _own_tile(registry, checkpoint)
            drawn = size if draws_whole else stage.drawn_at_once(size, settings, own_tile)
            if drawn is not None:
                parts = _parts_of(checkpoint, settings, config, listing, dtype)
                pictures = pictures_at_once(config) if isinstance(stage, JointStage) else 1
                item = ITEM_BYTES[dtype]
                works = list(_work(settings, config, drawn, checkpoint, item, pictures))
                usual += max(most for most, _ in works)
                least += max(smallest for _, smallest in works)
        # The checkpoint, with the text encoders that it lacks, is counted by its parts.
        in_parts = [checkpoint, *(info for info in used if info.kind == "text encoder")]
        weights = sum(
            info.size_bytes if info.kind == "lora" else bytes_in_memory(info, dtype)
            for info in {info.path: info for info in used}.values()
            if parts is None or info not in in_parts
        ) + (parts.all if parts is not None else 0)
        found.append(StageNeed(stage.name, size, weights, usual, least, parts))
    is_apart = registry.device.startswith("cuda")
    return MemoryPlan(tuple(found), available, config.batch_size, config.offload, is_apart)


def _parts_of(
    checkpoint: ModelInfo, settings: Any, config: PipelineConfig, listing: Snapshot, dtype: str
) -> PartSizes:
    """Return the bytes of a checkpoint's parts, with the text encoders that its file lacks."""
    named = getattr(settings, "text_encoder", None) or config.text_encoder
    encoders = []
    if checkpoint.lacks_encoders:
        with suppress(ModelNotFoundError):  # a request that is not resolved may name none
            encoders = [listing.find(one, "text encoder") for one in names_in_list(named)]
    found = part_sizes(checkpoint, encoders, dtype, config.weight_dtype)
    # Of a file without a readable header, the loader says what is wrong.
    return found if found.denoiser else found._replace(denoiser=checkpoint.size_bytes)


def _own_tile(registry: ModelRegistry, checkpoint: ModelInfo) -> int:
    """Return the side in pixels that a checkpoint was trained at, or the usual one."""
    try:
        return registry.native_size(checkpoint)
    except ModelRefusedError:  # no checkpoint has to say it
        return _USUAL_TILE


def _read_area(settings: Any, size: Size, family: Family) -> int:
    """Return the area in pixels of the pictures that an edit by instruction reads, at most.

    References are not opened here: each counts as a square of the usual side.
    """
    editing = family.editing
    if editing is None or not isinstance(settings, InstructConfig):
        return 0
    usual = editing.read_area((_USUAL_TILE, _USUAL_TILE))
    return editing.read_area(size) + len(settings.references) * usual


def _work(
    settings: Any,
    config: PipelineConfig,
    size: Size,
    checkpoint: ModelInfo,
    item_bytes: int,
    pictures: int,
) -> Iterator[tuple[int, int]]:
    """Yield the bytes of each piece of a stage's work, without fallbacks and with every one.

    So many pictures are denoised at once, and decoded one by one.
    """
    family = RUNNING[checkpoint.family]
    widths = family.needs.widths(checkpoint)
    guidance = getattr(settings, "guidance_scale", None) or config.guidance_scale
    rows = pictures * (2 if guidance > 1 else 1)
    reduction = family.latents.reduction
    latents = -(-size[0] // reduction), -(-size[1] // reduction)
    denoising = family.needs.denoising_bytes
    beside = with_read(latents, _read_area(settings, size, family), reduction)
    kept = 0
    if config.step_cache and family.reused_blocks:  # of each prompt, however it is computed
        one_map = beside[0] * beside[1] * widths.denoiser * item_bytes
        kept = KEPT_MAPS * one_map * (2 if guidance > 1 else 1)
    yield (
        denoising(beside, widths.denoiser, item_bytes, rows) + kept,
        denoising(latents, widths.denoiser, item_bytes, 1) + kept,
    )
    small = min(size[0], _LEAST_TILE), min(size[1], _LEAST_TILE)
    for takes in (decoding_bytes, encoding_bytes):
        yield (
            takes(*size, widths.vae, item_bytes),
            takes(*small, widths.vae, item_bytes),
        )
