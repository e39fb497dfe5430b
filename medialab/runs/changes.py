"""A picture's settings changed for the next one, without what belongs to that picture alone."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.errors import PictureError
from medialab.pictures.store import PictureStore


def changed(
    config: PipelineConfig, changes: Mapping[str, Any], pictures: PictureStore
) -> PipelineConfig:
    """Return the settings of a picture with others; see `Workbench.changed`.

    Args:
        config: The settings of one picture.
        changes: Settings by their names; a stage's may be given in part.
        pictures: The stored pictures, of which the start picture is one.

    Raises:
        ConfigError: a setting has a value that no picture can be made with.
    """
    settings = dict(changes)
    # A mask that is named is meant for this picture, whichever it was painted for.
    named = {own.get("mask") for own in changes.values() if isinstance(own, Mapping)}
    made_for = {mask: one for mask, one in config.made_for.items() if mask not in named}
    settings["made_for"] = {**made_for, **changes.get("made_for", {})}
    if settings.keys() & {"image"} and not settings.keys() & {"width", "height"}:
        settings |= _sizes_for_another(config, pictures)
    return config.changed(**settings)


def _sizes_for_another(config: PipelineConfig, pictures: PictureStore) -> dict[str, None]:
    """Return cleared sizes for the next picture if the sizes were those of this one."""
    if config.image is None or config.mode == "txt2img":
        return {}
    if config.is_fitted:
        return {"width": None, "height": None}
    with suppress(PictureError):
        if pictures.size(config.image) == (config.width, config.height):
            return {"width": None, "height": None}
    return {}
