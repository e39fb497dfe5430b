"""How large a request's picture is after each stage, told before anything is drawn."""

from collections.abc import Iterator
from typing import NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.pixels.geometry import MOST_DRAWN, has_blocks, hires_size, too_large_to_draw
from medialab.stages.detailer.settings import DetailerConfig

# Pixels of the largest picture that is made: 16,384 a side take 0.8 GB as 8-bit RGB.
MOST_MADE = 16_384**2
_MEGA = 1_000_000


class StageSize(NamedTuple):
    """The size of a stage's picture, and whether a model draws that in one piece.

    `setting` is the one to change where it is too large.
    """

    stage: str
    size: tuple[int, int]
    draws: bool
    setting: str


def sizes_of(config: PipelineConfig, size: tuple[int, int]) -> Iterator[StageSize]:
    """The sizes after the stages that make or draw a whole picture; `size` is the run's."""
    mode, setting = config.mode, "width"
    draws = mode not in {"outpaint", "enhance"}
    if mode == "outpaint":
        own, setting = config.outpaint, "outpaint"
        size = size[0] + own.left + own.right, size[1] + own.top + own.bottom
        draws = own.denoising_strength > 0
    elif mode == "inpaint":
        draws = config.inpaint.denoising_strength > 0 and not config.inpaint.only_masked
    elif mode == "img2img":
        draws = config.img2img.denoising_strength > 0
    yield StageSize(mode, size, draws, setting)
    if (refiner := config.refiner).enabled:
        exact = mode != "txt2img" or not has_blocks(size)
        size = hires_size(*size, refiner.scale, refiner.width, refiner.height, exact=exact)
        yield StageSize("refiner", size, refiner.denoising_strength > 0, "refiner.scale")
    for name, part in config:
        if isinstance(part, DetailerConfig) and part.enabled and not part.only_masked:
            draws = part.denoising_strength != 0 and not (part.width and part.height)
            yield StageSize(name, size, draws, f"{name}.only_masked")
    if config.upscaler.enabled:
        width, height = (round(side * config.upscaler.scale) for side in size)
        yield StageSize("upscaler", (width, height), False, "upscaler.scale")


def check_sizes(config: PipelineConfig, size: tuple[int, int]) -> None:
    """Refuse a request one of whose stages would draw or make too large a picture.

    Raises:
        ConfigError: it names the stage, its size and what to change.
    """
    for one in sizes_of(config, size):
        if one.draws and max(one.size) > MOST_DRAWN:
            raise too_large_to_draw(one.size, one.stage).about(one.setting)
        if one.size[0] * one.size[1] > MOST_MADE:
            message = (
                f"{one.stage} would make {one.size[0]} × {one.size[1]} pixels, more than "
                f"{MOST_MADE // _MEGA} million; choose a smaller {one.setting}"
            )
            raise ConfigError(message).about(one.setting)
