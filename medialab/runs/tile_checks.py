"""Refuse drawing in tiles with checkpoints whose family does not draw in tiles."""

from collections.abc import Callable, Sequence

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.runs.plan import StageRequest
from medialab.runs.sizes import sizes_of


def check_tiles(
    config: PipelineConfig,
    stages: Sequence[StageRequest],
    size: tuple[int, int],
    listing: Snapshot,
    native_size: Callable[[ModelInfo], int],
) -> None:
    """Refuse a stage that would draw in several tiles with a checkpoint that cannot.

    Args:
        config: the request.
        stages: those that it runs.
        size: width and height in pixels of the picture that it starts from, or draws.
        listing: the models as the request sees them.
        native_size: returns the side in pixels that a checkpoint was trained at.

    Raises:
        ConfigError: the message names the stage, the family and the settings to change.
    """
    sizes = {one.stage: one.size for one in sizes_of(config, stages, size)}
    for one in stages:
        tile = getattr(one.settings, "diffusion_tile", 0)
        if tile == 0 or not config.draws(one.name):
            continue
        own = getattr(one.settings, "checkpoint", None) or config.checkpoint
        info = listing.find(own, "checkpoint")
        if RUNNING[info.family].tiling is not None:
            continue
        whole = sizes[one.name]
        at_once = one.stage.drawn_at_once(whole, one.settings, native_size(info))
        if at_once not in {None, whole}:
            message = (
                f"{one.name}: drawing in tiles is not possible yet with checkpoints of family "
                f"{info.family}, and {whole[0]} × {whole[1]} px is more than one tile; set its "
                "denoising_strength to 0, a larger diffusion_tile, or another checkpoint"
            )
            raise ConfigError(message).about(f"{one.name}.denoising_strength")
