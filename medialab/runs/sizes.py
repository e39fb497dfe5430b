"""The size of a request's picture after each stage, known before anything is drawn."""

from collections.abc import Iterator, Sequence

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.pixels.geometry import MOST_DRAWN, too_large_to_draw
from medialab.runs.plan import StageRequest
from medialab.stage import StageSize
from medialab.stages import STAGES

# Pixels of the largest picture that is made: 16,384 a side take 0.8 GB as 8-bit RGB.
MOST_MADE = 16_384**2
_MEGA = 1_000_000


def sizes_of(
    config: PipelineConfig, stages: Sequence[StageRequest], size: tuple[int, int]
) -> Iterator[StageSize]:
    """Yield the sizes after the stages that make or draw a whole picture.

    Args:
        config: the request.
        stages: those that it runs.
        size: width and height in pixels of the picture that it starts from, or draws.
    """
    if config.mode not in {stage.name for stage in STAGES}:  # a given picture that stage 3 keeps
        yield StageSize(config.mode, size, draws=False, setting="width")
    for one in stages:
        after = one.stage.size_after(size, one.settings, config)
        if after is not None:
            size = after.size
            yield after


def check_sizes(
    config: PipelineConfig, stages: Sequence[StageRequest], size: tuple[int, int]
) -> None:
    """Refuse a request one of whose stages would draw or make too large a picture.

    Raises:
        ConfigError: the message names the stage, its size and the setting to change.
    """
    for one in sizes_of(config, stages, size):
        if one.draws and max(one.size) > MOST_DRAWN:
            raise too_large_to_draw(one.size, one.stage).about(one.setting)
        if one.size[0] * one.size[1] > MOST_MADE:
            message = (
                f"{one.stage} would make {one.size[0]} × {one.size[1]} pixels, more than "
                f"{MOST_MADE // _MEGA} million; choose a smaller {one.setting}"
            )
            raise ConfigError(message).about(one.setting)
