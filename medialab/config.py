"""What a person asks for, as frozen models that refuse unknown fields and impossible values.

`PipelineConfig` is the whole request. It is composed of one settings model per stage, so that a
stage (and its cache key) sees its own settings and nothing else. `ResolvedConfig` is the same
request with nothing left open: only that form runs, and only that form is written beside a picture.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from medialab.errors import ConfigError
from medialab.samplers import SAMPLERS, SCHEDULES, check

SCHEMA_VERSION: Final = 1
RANDOM_SEED = -1
LARGEST_SEED = 2**32 - 1  # infotext and A1111 keep seeds in 32 bits

# Pixels: a VAE works in blocks of 8; 4096 keeps a typing error from asking for gigabytes.
Side = Annotated[int, Field(ge=64, le=4096, multiple_of=8)]

SettingsT = TypeVar("SettingsT", bound="StageConfig")


class StageConfig(BaseModel):
    """The settings of one stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class PromptConfig(StageConfig):
    """Stage 1: what the picture shows."""

    prompt: str = Field("", description="What the picture should show.")
    negative_prompt: str = Field("", description="What it should not show.")


class Txt2ImgConfig(StageConfig):
    """Stage 3: from noise to a picture."""

    checkpoint: str = Field("paperdoll", description="Name of a model in models/checkpoints.")
    width: Side | None = Field(
        None, description="Pixels, a multiple of 8; empty for the model's own size."
    )
    height: Side | None = Field(
        None, description="Pixels, a multiple of 8; empty for the model's own size."
    )
    steps: int = Field(20, ge=1, le=150, description="How many times noise is taken away.")
    guidance_scale: float = Field(
        5.0,
        ge=1.0,
        le=30.0,
        description="How closely the prompt is followed; 1 ignores the negative prompt.",
    )
    sampler: str = Field("DPM++ 2M", description="The method that takes the noise away.")
    schedule: str = Field("automatic", description="How the noise is spread over the steps.")
    seed: int = Field(
        RANDOM_SEED,
        ge=RANDOM_SEED,
        le=LARGEST_SEED,
        description="The same seed gives the same picture; -1 draws one.",
    )
    batch_size: int = Field(
        1, ge=1, le=64, description="Pictures to make; picture k uses seed + k."
    )

    @field_validator("sampler")
    @classmethod
    def _sampler_is_known(cls, value: str) -> str:
        return _one_of(value, SAMPLERS)

    @field_validator("schedule")
    @classmethod
    def _schedule_is_known(cls, value: str) -> str:
        return _one_of(value, SCHEDULES)

    @model_validator(mode="after")
    def _sampler_honours_schedule_and_steps(self) -> Self:
        try:
            check(self.sampler, self.schedule, self.steps)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self


class FinishConfig(StageConfig):
    """Stage 9: the last touch before a picture is kept."""

    sharpen: float = Field(
        0.0, ge=0.0, le=2.0, description="How much edges are sharpened; 0 leaves the picture alone."
    )


# The last base's fields come first: in a sidecar, the prompt.
class PipelineConfig(FinishConfig, Txt2ImgConfig, PromptConfig):
    """A whole request, as a person asks it. Every field has a default; unknown ones are refused.

    Raises `pydantic.ValidationError`; `parse` raises `ConfigError` with a sentence per fault.
    """

    schema_version: Literal[1] = SCHEMA_VERSION

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Build from plain values, e.g. a notebook's parameters; `ConfigError` names each fault."""
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise ConfigError(explain(error, known=cls.model_fields)) from error

    def changed(self, **settings: Any) -> Self:
        """The same request with some settings changed, checked like a new one."""
        return self.parse(self.model_dump() | settings)

    @classmethod
    def from_notebook(cls, namespace: Mapping[str, Any]) -> Self:
        """Build from a notebook's `globals()`, straight after its parameters cell.

        papermill checks no parameter: a misspelt `-p stepz 3` would be ignored. Here every plain
        value must be a setting; modules, functions and IPython's own names are passed over.
        """
        plain = (str, int, float, bool, list, dict, type(None))
        ipython = {"In", "Out"}
        return cls.parse(
            {
                name: value
                for name, value in namespace.items()
                if isinstance(value, plain) and not name.startswith("_") and name not in ipython
            }
        )

    def settings_for(self, settings: type[SettingsT]) -> SettingsT:
        """This request's slice of one stage's settings."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in settings.model_fields}
        return cast("SettingsT", settings.model_construct(**fields))


class ResolvedConfig(PipelineConfig):
    """A request with nothing left open: seed drawn, sizes set, the checkpoint known by content."""

    width: Side
    height: Side
    seed: int = Field(ge=0, le=LARGEST_SEED)
    checkpoint_sha256: str = Field(
        min_length=64, max_length=64, description="What the checkpoint's files hold."
    )

    def asked(self) -> PipelineConfig:
        """The same settings without the tie to the checkpoint's content."""
        return PipelineConfig.parse(self.model_dump(exclude={"checkpoint_sha256"}))

    def singles(self) -> "list[ResolvedConfig]":
        """One config per picture of the batch; each makes its picture alone, byte for byte."""
        return [
            self.model_copy(update={"seed": (self.seed + k) % (LARGEST_SEED + 1), "batch_size": 1})
            for k in range(self.batch_size)
        ]


def explain(error: ValidationError, known: Mapping[str, Any]) -> str:
    """One sentence per fault of a pydantic error: the setting, its value, what is allowed."""
    return "; ".join(_explain_one(dict(fault), known) for fault in error.errors())


def _explain_one(fault: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"there is no setting {name!r}; known: {', '.join(sorted(known))}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}={fault['input']!r}: {message}" if name else message


def _one_of(value: str, choices: Mapping[str, Any]) -> str:
    """The choice that `value` names, whatever its capitals."""
    by_name = {choice.casefold(): choice for choice in choices}
    if value.casefold() not in by_name:
        message = f"choose one of {', '.join(choices)}"
        raise ValueError(message)
    return by_name[value.casefold()]
