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
# A start picture is drawn at up to this many times the area that the model is made for: a CPU
# would compute for minutes until the first step, and the result would be many small pictures.
MOST_TIMES_NATIVE = 64


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


def check_patience(
    config: PipelineConfig, stages: Sequence[StageRequest], size: tuple[int, int], native: int
) -> None:
    """Refuse a start picture that a CPU would draw at far more than the model's own size.

    Args:
        config: the request.
        stages: those that it runs.
        size: width and height in pixels of the picture that it starts from.
        native: the side in pixels that the model is made for.

    Raises:
        ConfigError: the message names the stage, the size and the setting to change.
    """
    if config.starts_from_noise:
        return
    for one in sizes_of(config, stages, size):
        times = one.size[0] * one.size[1] / native**2
        if one.draws and times > MOST_TIMES_NATIVE:
            message = (
                f"{one.stage} would draw {one.size[0]} × {one.size[1]} pixels at once, "
                f"{times:.0f} times the area that this model is made for ({native} × {native}); "
                "on this CPU the first step would take minutes. Fit the picture to the model's "
                "size, or choose a smaller one"
            )
            raise ConfigError(message).about("fit").in_code("set fit='model'")
