"""The settings of one denoising, and those of them that a stage may override.

A stage inherits settings that it leaves unset from the base, so that a change of the sampler
applies to all stages. `Sampling` is the result, with every setting filled in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field

from medialab.errors import ConfigError
from medialab.prompts import MOST_CHARACTERS, without_tags
from medialab.settings.choices import (
    EMPHASES,
    USUAL_DISTILLED,
    CheckpointName,
    ClipSkip,
    DistilledGuidance,
    Emphasis,
    PredictionType,
    PromptText,
    SamplerName,
    ScheduleName,
    Steps,
    TextEncoderNames,
    VAEName,
)
from medialab.settings.control_units import ControlUnit
from medialab.settings.fields import LARGEST_SEED, Fraction, StageConfig
from medialab.settings.loras import LoRAConfig, asked_loras, unused_loras
from medialab.settings.samplers import AUTOMATIC_PREDICTION, check
from medialab.settings.steps import Guided


@dataclass(frozen=True)
class Sampling:
    """All settings of one denoising, filled in."""

    checkpoint: str
    prompt: str
    negative_prompt: str
    steps: int
    guidance_scale: float
    sampler: str
    schedule: str
    seed: int
    emphasis: str = EMPHASES[0]
    clip_skip: int = 1
    loras: tuple[LoRAConfig, ...] = ()
    control: tuple[ControlUnit, ...] = ()
    vae: str = ""
    text_encoder: str = ""
    prediction_type: str = AUTOMATIC_PREDICTION
    distilled_guidance_scale: float = USUAL_DISTILLED
    guidance_start: float = 0.0
    guidance_end: float = 1.0

    @property
    def guided(self) -> Guided:
        """The steps that compare the prompt with the negative one, if any does."""
        set_to = Guided(self.guidance_start, self.guidance_end)
        return set_to if self.guidance_scale > 1 else Guided()

    @property
    def sets_guided_in_vain(self) -> bool:
        """Whether such steps are set where none compares."""
        return self.guidance_scale <= 1 and (self.guidance_start, self.guidance_end) != Guided()

    @property
    def asked_loras(self) -> tuple[LoRAConfig, ...]:
        """The LoRAs that are set, and those of the prompt's tags."""
        return asked_loras(self.prompt, self.loras)

    @property
    def unused_loras(self) -> tuple[str, ...]:
        """The LoRAs of tags in the negative prompt, where, as in A1111, they have no effect."""
        return unused_loras(self.negative_prompt)


DISTILLED = "distilled_guidance_scale"
SAMPLING_NAMES = tuple(Sampling.__dataclass_fields__)
# In a stage's prompt, this stands for the base's prompt. As in ADetailer.
BASE = "[PROMPT]"


def with_base(text: str, base: str) -> str:
    """Return a stage's prompt with the base's in place of each [PROMPT].

    Raises:
        ConfigError: the result would be longer than a prompt may be.
    """
    if len(text) + text.count(BASE) * len(base) > MOST_CHARACTERS + len(BASE):
        message = (
            f"with the main prompt in place of {BASE}, the prompt has over {MOST_CHARACTERS:,} "
            "characters; shorten it"
        )
        raise ConfigError(message)
    return text.replace(BASE, base)


class SamplingConfig(StageConfig):
    """The settings that a stage may override; those left unset are inherited from the base."""

    checkpoint: CheckpointName | None = Field(
        None, description="Another checkpoint; empty: inherited."
    )
    # As in A1111 and ADetailer: a chosen VAE applies to any checkpoint that a pass has.
    vae: VAEName | None = Field(
        None,
        description="Another VAE; unset: inherited, also with another checkpoint; "
        "empty text: its checkpoint's own.",
    )
    text_encoder: TextEncoderNames | None = Field(
        None,
        description="Of another checkpoint whose file has none: its text encoders; empty: "
        "inherited, or, with another checkpoint, the only ones that fit.",
    )
    prediction_type: PredictionType | None = Field(
        None,
        description="What its denoiser predicts; empty: inherited, or, with another checkpoint, as "
        "that checkpoint's file says.",
    )
    prompt: PromptText | None = Field(
        None, description="Its own prompt; [PROMPT] stands for the main prompt. Empty: inherited."
    )
    negative_prompt: PromptText | None = Field(
        None, description="Its own negative prompt; empty: inherited."
    )
    steps: Steps | None = Field(None, description="Denoising steps; empty: inherited.")
    guidance_scale: float | None = Field(
        None, ge=1.0, le=30.0, description="How closely to follow the prompt; empty: inherited."
    )
    distilled_guidance_scale: DistilledGuidance | None = Field(
        None,
        description="The guidance that a distilled checkpoint is told; empty: inherited.",
    )
    guidance_start: Fraction | None = Field(
        None, description="Share of its steps before guidance begins; empty: inherited."
    )
    guidance_end: Fraction | None = Field(
        None, description="Share of its steps after which guidance ends; empty: inherited."
    )
    sampler: SamplerName | None = Field(None, description="Another sampler; empty: inherited.")
    schedule: ScheduleName | None = Field(None, description="Another schedule; empty: inherited.")
    seed: int | None = Field(
        None, ge=0, le=LARGEST_SEED, description="Its own seed; empty: inherited."
    )
    emphasis: Emphasis | None = Field(
        None, description="Meaning of brackets in prompts; empty: inherited."
    )
    clip_skip: ClipSkip | None = Field(
        None, description="Layer of the text encoder to use: 1 the last; empty: inherited."
    )
    loras: tuple[LoRAConfig, ...] | None = Field(
        None, description="Its own LoRAs; an empty list: none; unset: inherited."
    )
    control: tuple[ControlUnit, ...] | None = Field(
        None, description="Its own ControlNets; an empty list: none; unset: inherited."
    )

    def filled(self, base: Mapping[str, Any]) -> Self:
        """Return the settings with unset ones inherited.

        Args:
            base: The settings of the whole picture, by name.
        """
        inherited = {name: base[name] for name in SAMPLING_NAMES if getattr(self, name) is None}
        # The base's values are for the base's checkpoint only.
        if self.checkpoint not in {None, base["checkpoint"]}:
            own_defaults = {"prediction_type": AUTOMATIC_PREDICTION, "text_encoder": ""}
            inherited |= {k: v for k, v in own_defaults.items() if k in inherited}
        # Tags in the base's prompt are LoRAs of the base: a stage with its own uses only these.
        prompt = base["prompt"] if self.loras is None else without_tags(base["prompt"])
        own = BASE if self.prompt is None else self.prompt
        inherited["prompt"] = with_base(own, prompt)
        return self.model_copy(update=inherited)

    def takes_base(self, name: str) -> bool:
        """Return whether it inherits this setting of the whole picture, in whole or in part."""
        own = getattr(self, name)
        return own is None or (name == "prompt" and BASE in own)

    @property
    def further_prompts(self) -> tuple[str, ...]:
        """The prompts of its passes besides its own."""
        return ()

    def drawn(self, expand: Callable[[str], str]) -> Self:  # noqa: ARG002 - others have some
        """Return the settings with wildcards drawn in the further prompts.

        Args:
            expand: Draws the wildcards of a prompt.
        """
        return self

    def check_steps(self, sampling: Sampling) -> None:
        """Check that the sampler can run the number of steps.

        Args:
            sampling: These settings after `filled`.

        Raises:
            ConfigError: it cannot; the message names the sampler and the steps it can run.
        """
        check(sampling.sampler, sampling.schedule, sampling.steps)

    @property
    def draws(self) -> bool:
        """Whether anything is denoised; at a strength of 0 the stage needs no model."""
        return bool(getattr(self, "denoising_strength", None) != 0)

    def sampling(self) -> Sampling:
        """Return the settings of one denoising, after `filled`."""
        found = {name: getattr(self, name) for name in SAMPLING_NAMES}
        if missing := [name for name, value in found.items() if value is None]:
            message = f"{', '.join(missing)} not set; a config is filled before its stage runs"
            raise TypeError(message)
        return Sampling(**found)
