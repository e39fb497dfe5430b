"""Refuse requests that cannot be made, by their settings alone."""

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.families.loras import read_block_weights
from medialab.pixels.preprocessors import check_library
from medialab.prompts import parse, take_loras
from medialab.runs.belongings import mask_is_foreign
from medialab.settings.control_units import ControlUnit
from medialab.settings.sampling import SamplingConfig


def check_texts(config: PipelineConfig) -> None:
    """Refuse tags that nothing here follows, and prompts that join too many parts.

    Raises:
        ConfigError: the message names the tag.
    """
    parse(config.prompt, 1)
    for text in config.texts():
        _, tags = take_loras(text)
        for tag in tags:
            if tag.block_weights is not None:
                read_block_weights(tag.block_weights)


def check_picture(config: PipelineConfig) -> None:
    """Refuse a mode that starts from a picture without one, or with another picture's mask.

    Raises:
        ConfigError: the message says what to set.
    """
    if config.mode != "txt2img" and config.image is None:
        message = f"mode={config.mode!r} starts from a picture, and there is none yet; choose one"
        hint = "bench.enhance(picture, config), or image=bench.keep(picture)"
        raise ConfigError(message).in_code(hint).about("image")
    if config.mode == "instruct" and any(
        unit.counts for unit in _followed(config.instruct, config)
    ):
        message = "mode='instruct' follows no ControlNet; remove the ControlNets, or use img2img"
        raise ConfigError(message).about("control")
    for unit in _units_of(config):
        check_library(unit.preprocessor)
    if config.mode == "inpaint" and config.inpaint.mask is None:
        message = "there is no mask to inpaint; paint the area to change"
        hint = "inpaint.mask=bench.keep(picture), white where to paint"
        raise ConfigError(message).in_code(hint).about("inpaint.mask")
    if mask_is_foreign(config):
        message = (
            "the mask of inpaint was painted for another picture than the one that is started "
            "from: paint one for this picture, or remove the mask and choose it again"
        )
        hint = "medialab.runs.belongings.unbind(config) uses it anyway"
        raise ConfigError(message).in_code(hint).about("inpaint.mask")


def _units_of(config: PipelineConfig) -> list[ControlUnit]:
    """Return the ControlNet units that have an effect, the base's and the stages' own."""
    every = [*config.control] if config.takes_base("control") else []
    for name, stage in config:
        if isinstance(stage, SamplingConfig) and config.draws(name):
            every += stage.control or ()
    return [unit for unit in every if unit.counts]


def _followed(part: SamplingConfig, config: PipelineConfig) -> tuple[ControlUnit, ...]:
    """Return the ControlNet units of a stage: its own, or those it inherits."""
    return config.control if part.control is None else part.control
