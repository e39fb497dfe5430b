"""The memory that each stage of a request needs, by headers and sizes: nothing is loaded.

Weights are counted from headers, work from the sizes at which stages draw.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.diffusion.step_cache import KEPT_MAPS
from medialab.errors import ModelNotFoundError, ModelRefusedError
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
from medialab.process.offloading import Demand, PartSizes, Way
from medialab.process.precisions import ITEM_BYTES
from medialab.runs.drawn_together import pictures_at_once
from medialab.runs.plan import StageRequest
from medialab.settings.fields import names_in_list
from medialab.settings.sampling import SamplingConfig
from medialab.stage import JointStage
from medialab.stages.instruct import InstructConfig

# Side in pixels of the piece that a VAE decodes with every fallback, whatever the picture's size;
# and of a tile or a detail where neither settings nor the checkpoint give one.
_LEAST_TILE, _USUAL_TILE = 256, 1024

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


class StageNeeds:
    """The memory needs of a request's stages.

    Args:
        config: the request.
        registry: knows the size that a checkpoint was trained at.
        listing: the models as the request sees them.
        dtype: the precision that the run computes in.
    """

    def __init__(
        self, config: PipelineConfig, registry: ModelRegistry, listing: Snapshot, dtype: str
    ) -> None:
        self._config, self._registry = config, registry
        self._listing, self._dtype = listing, dtype

    def of(
        self, one: StageRequest, size: Size, used: Sequence[ModelInfo], *, draws_whole: bool
    ) -> StageNeed:
        """Return a stage's need.

        Args:
            one: the stage.
            size: width and height in pixels of the picture that it returns.
            used: its models.
            draws_whole: whether it draws the whole picture at that size.

        Raises:
            ModelNotFoundError: its checkpoint is not here.
        """
        picture = size[0] * size[1] * PICTURE_BYTES
        found = self._drawn(one, size, draws_whole=draws_whole)
        if found is None:
            return StageNeed(one.name, size, self._weights(used), picture, picture)
        checkpoint, drawn = found
        parts = self._parts_of(checkpoint, one.settings)
        # The checkpoint, with the text encoders that it lacks, is counted by its parts.
        others = [info for info in used if info != checkpoint and info.kind != "text encoder"]
        pictures = pictures_at_once(self._config) if isinstance(one.stage, JointStage) else 1
        item = ITEM_BYTES[self._dtype]
        works = list(work_bytes(one.settings, self._config, drawn, checkpoint, item, pictures))
        return StageNeed(
            one.name,
            size,
            self._weights(others) + parts.all,
            picture + max(usual for usual, _ in works),
            picture + max(least for _, least in works),
            parts,
        )

    def _drawn(
        self, one: StageRequest, size: Size, *, draws_whole: bool
    ) -> tuple[ModelInfo, Size] | None:
        """Return the checkpoint of a stage and what it draws at once; None if it draws nothing."""
        samples = isinstance(one.settings, SamplingConfig) or draws_whole
        if not (samples and self._config.draws(one.name)):
            return None
        name = getattr(one.settings, "checkpoint", None) or self._config.checkpoint
        checkpoint = self._listing.find(name, "checkpoint")
        if draws_whole:
            return checkpoint, size
        drawn = one.stage.drawn_at_once(size, one.settings, self._own_tile(checkpoint))
        return None if drawn is None else (checkpoint, drawn)

    def _weights(self, used: Sequence[ModelInfo]) -> int:
        """Return the bytes of models, each file once."""
        return sum(
            info.size_bytes if info.kind == "lora" else bytes_in_memory(info, self._dtype)
            for info in {info.path: info for info in used}.values()
        )

    def _parts_of(self, checkpoint: ModelInfo, settings: Any) -> PartSizes:
        """Return the bytes of a checkpoint's parts, with the text encoders that its file lacks."""
        named = getattr(settings, "text_encoder", None) or self._config.text_encoder
        encoders = []
        if checkpoint.lacks_encoders:
            with suppress(ModelNotFoundError):  # a request that is not resolved may name none
                encoders = [self._listing.find(it, "text encoder") for it in names_in_list(named)]
        found = part_sizes(checkpoint, encoders, self._dtype, self._config.weight_dtype)
        # Of a file without a readable header, the loader says what is wrong.
        return found if found.denoiser else found._replace(denoiser=checkpoint.size_bytes)

    def _own_tile(self, checkpoint: ModelInfo) -> int:
        """Return the side in pixels that a checkpoint was trained at, or the usual one."""
        try:
            return self._registry.native_size(checkpoint)
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


def work_bytes(
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
