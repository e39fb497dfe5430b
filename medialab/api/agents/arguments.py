"""The arguments of tools, as models that an agent is told as JSON schemas."""

from typing import Any

from pydantic import BaseModel, Field, create_model

from medialab.api.requests import Asked, PicturesQuery
from medialab.config.pipeline import PipelineConfig

SETTINGS_URI = "medialab://settings"
LEAST_SIDE, MOST_SIDE = 64, 1568  # pixels of what an agent looks at
USUAL_SIDE = 768
_ALSO = f"Any other settings, by the names in the resource {SETTINGS_URI}"
# The rest of a request is given under `settings`: a schema of all would fill an agent's memory.
_FIRST = (
    "prompt",
    "negative_prompt",
    "checkpoint",
    "width",
    "height",
    "steps",
    "guidance_scale",
    "seed",
    "batch_size",
)


class _Settings(Asked):
    settings: dict[str, Any] = Field(
        {}, description=f'{_ALSO}; a stage is an object: {{"face": {{"enabled": true}}}}.'
    )


# Types, defaults, limits and descriptions are those of the config.
GenerateArguments: type[BaseModel] = create_model(
    "GenerateArguments",
    __base__=_Settings,
    **{  # type: ignore[call-overload]  # names and fields, as it takes them
        name: (field.rebuild_annotation(), field)
        for name, field in PipelineConfig.model_fields.items()
        if name in _FIRST
    },
)


class _OfPicture(Asked):
    picture: str = Field(description="Its name, as find_pictures and the other tools tell it.")


class ChangeArguments(_OfPicture):
    """A saved picture, and the settings that differ from its own."""

    settings: dict[str, Any] = Field(
        description=f"The settings to change, as for generate; see {SETTINGS_URI}."
    )


class EnhanceArguments(_OfPicture):
    """A saved picture to start from, and the settings."""

    settings: dict[str, Any] | None = Field(
        None,
        description=f"{_ALSO}. Left out: it is enlarged, sharpened and its colours balanced.",
    )


class LookArguments(_OfPicture):
    """A saved picture, and how large it is shown."""

    side: int = Field(
        USUAL_SIDE, ge=LEAST_SIDE, le=MOST_SIDE, description="Pixels of the longer side, at most."
    )


class ExplainArguments(_OfPicture):
    """A saved picture."""


class FindArguments(PicturesQuery):
    """A search in the history of pictures; every condition must hold."""

    limit: int = Field(20, ge=1, le=100)
