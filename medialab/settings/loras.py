"""The LoRAs requested for a pass, in its settings and in its prompt's tags."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, ValidationError, model_validator

from medialab.errors import ConfigError
from medialab.prompts import LoRATag, tagged_loras, take_loras
from medialab.settings.choices import LoRAName
from medialab.settings.fields import Fraction, StageConfig


class LoRAConfig(StageConfig):
    """One LoRA: its weights by part, and the steps in which it applies."""

    name: LoRAName = Field(
        min_length=1, description="Its file name in models/loras, without the extension."
    )
    weight: float = Field(
        1.0, ge=-10.0, le=10.0, description="Strength; negative values reverse the effect."
    )
    text_encoder: float | None = Field(
        None, ge=-10.0, le=10.0, description="Weight in the text encoders; empty: the same weight."
    )
    block_weights: str | None = Field(
        None,
        description="Weights of blocks: INALL, MIDD, OUTALL …, or 12, 17, 20 or 26 numbers.",
    )
    start: Fraction = Field(0.0, description="Share of the steps after which it starts.")
    stop: Fraction = Field(1.0, description="Share of the steps after which it stops.")
    enabled: bool = Field(True, description="Whether it is used.")

    @property
    def counts(self) -> bool:
        """Whether it has any effect; start and stop limit the denoiser only."""
        text_encoder = self.weight if self.text_encoder is None else self.text_encoder
        in_denoiser = self.weight != 0 and self.start < self.stop
        return self.enabled and (in_denoiser or text_encoder != 0)

    @model_validator(mode="after")
    def _starts_before_it_stops(self) -> Self:
        if self.start > self.stop:
            message = f"start {self.start:g} is after stop {self.stop:g}"
            raise ValueError(message)
        return self


# Limit of LoRAs in one pass: each costs time in every step, and memory.
MOST_LORAS = 64


def asked_loras(prompt: str, loras: Iterable[LoRAConfig]) -> tuple[LoRAConfig, ...]:
    """Return the LoRAs with an effect: those of a setting, then those of the prompt's tags.

    Raises:
        ConfigError: a tag's number is out of range, or there are more than MOST_LORAS.
    """
    _, tags = take_loras(prompt)
    found = [one for one in (*loras, *map(_of_tag, tags)) if one.counts]
    if len(found) > MOST_LORAS:
        message = f"{len(found)} LoRAs at once, over {MOST_LORAS}; remove some"
        raise ConfigError(message)
    return tuple(found)


def unused_loras(negative_prompt: str) -> tuple[str, ...]:
    """Return the LoRAs that a negative prompt names; there, as in A1111, they have no effect."""
    return tuple(dict.fromkeys(tag.name for tag in tagged_loras(negative_prompt)))


def _of_tag(tag: LoRATag) -> LoRAConfig:
    try:
        return LoRAConfig(
            name=tag.name,
            weight=tag.denoiser,
            text_encoder=tag.text_encoder,
            block_weights=tag.block_weights,
            start=tag.start or 0.0,
            stop=1.0 if tag.stop is None else tag.stop,
        )
    except ValidationError as error:
        message = (
            f"<lora:{tag.name}>: weights go from -10 to 10, start and stop from 0 to 1, "
            "and start must not be after stop"
        )
        raise ConfigError(message) from error
