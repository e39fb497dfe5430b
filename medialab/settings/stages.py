"""The settings of the stages that can be switched on: one frozen model each, unknown names refused.

A stage that samples takes what it leaves unset from the base, so that one change of the sampler
reaches them all; `Sampling` is what is left when nothing is open any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from medialab.errors import ConfigError, near
from medialab.pixels.geometry import BLOCK, LEAST_DRAWN, MOST_DRAWN
from medialab.pixels.preprocessors import BY_MODEL, PREPROCESSORS
from medialab.prompts import MOST_CHARACTERS, LoRATag, tagged_loras, take_loras, without_tags
from medialab.settings import filenames
from medialab.settings.samplers import AUTOMATIC_PREDICTION, PREDICTION_TYPES, SAMPLERS, SCHEDULES

# As ComfyUI's: 64 bits, all that torch takes. Its noise on the CPU knows the lower 32 alone.
LARGEST_SEED = 2**64 - 1


@dataclass(frozen=True)
class Unit:
    """Marks a setting that counts something; a list of settings tells what."""

    name: str


Pixels = Annotated[int, Unit("px")]
Times = Annotated[float, Unit("×")]
# Pixels of what a model draws: a VAE works in blocks of 8.
Side = Annotated[Pixels, Field(ge=LEAST_DRAWN, le=MOST_DRAWN, multiple_of=BLOCK)]
# Pixels of a picture: any. What is drawn of it has limits of its own. 65,535 are a JPEG's.
Length = Annotated[Pixels, Field(ge=1, le=65_535)]
# A picture kept in outputs/inputs, by the sha256 of its pixels; `Workbench.keep` gives it.
PICTURE_NAME = "^[0-9a-f]{64}$"
Picture = Annotated[str, Field(pattern=PICTURE_NAME)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ChoiceError(ValueError):
    """A value that is none of the `choices`; pydantic keeps it among a fault's facts."""

    def __init__(self, choices: Iterable[str], value: str = "") -> None:
        self.choices = tuple(choices)
        super().__init__(f"choose one of {', '.join(self.choices)}{near(value, self.choices)}")


def one_of(value: str, choices: Iterable[str]) -> str:
    """The choice that `value` names, whatever its capitals.

    Raises:
        ChoiceError: there is none; the message lists those there are.
    """
    by_name = {choice.casefold(): choice for choice in choices}
    if value.casefold() not in by_name:
        raise ChoiceError(by_name.values(), value)
    return by_name[value.casefold()]


LATENT_RESIZE = "just resize (latent upscale)"
RESIZE_MODES = ("just resize", "crop and resize", "resize and fill", LATENT_RESIZE)
# A control picture is not encoded, so there are no latents to stretch.
CONTROL_RESIZE_MODES = RESIZE_MODES[:3]
# How a control picture that belongs to no other is brought to size. As in A1111's extension.
USUAL_RESIZE = "crop and resize"


@dataclass(frozen=True)
class OneOf:
    """The check of a setting that is one of these names; a form offers them."""

    choices: tuple[str, ...]

    def __call__(self, value: str) -> str:
        """The choice that is meant, whatever its capitals."""
        return one_of(value, self.choices)


@dataclass(frozen=True)
class NameOf:
    """Marks a setting that names a model of this kind; `also` are names that need no file.

    A `free` one takes more than a name, such as several with commas between. `none` says what an
    empty name means, where it may be empty.
    """

    kind: str
    also: tuple[str, ...] = ()
    free: bool = False
    none: str | None = None


LATENT_UPSCALERS = ("latent", "latent nearest", "latent bicubic")
PIXEL_UPSCALERS = ("lanczos", "bicubic", "nearest")
ORDERS = ("none", "left to right", "center to edge", "large to small")
MERGES = ("none", "merge", "merge and invert")
CROPS = ("factor", "padding")
KEPT_BY = ("area", "confidence")
MASKED_CONTENTS = ("original", "fill", "latent noise", "latent nothing")
FILE_FORMATS = ("png", "jpeg", "webp")
BORDERS = ("fill", "latent noise", "latent nothing")
# What brackets do: weigh and keep the mean, weigh, vanish, or stand as text. As in A1111.
EMPHASES = ("original", "no norm", "ignore", "none")
# How many pixels a mask may be grown, shrunk or moved: as far as ADetailer's sliders go.
MOST_GROWTH, MOST_OFFSET = 128, 200


ResizeMode = Annotated[str, AfterValidator(OneOf(RESIZE_MODES))]
ControlResizeMode = Annotated[str, AfterValidator(OneOf(CONTROL_RESIZE_MODES))]
FileFormat = Annotated[str, AfterValidator(OneOf(FILE_FORMATS))]
FileName = Annotated[str, AfterValidator(filenames.checked)]
Border = Annotated[str, AfterValidator(OneOf(BORDERS))]
# Pixels that a picture grows by on one side; pixels that drawn tiles share, in whole blocks.
Growth = Annotated[Pixels, Field(ge=0, le=2048)]
TileOverlap = Annotated[Pixels, Field(ge=0, le=2048, multiple_of=BLOCK)]
MaskedContent = Annotated[str, AfterValidator(OneOf(MASKED_CONTENTS))]
Order = Annotated[str, AfterValidator(OneOf(ORDERS))]
Merge = Annotated[str, AfterValidator(OneOf(MERGES))]
Crop = Annotated[str, AfterValidator(OneOf(CROPS))]
KeptBy = Annotated[str, AfterValidator(OneOf(KEPT_BY))]
Emphasis = Annotated[str, AfterValidator(OneOf(EMPHASES))]
# Layers of the text encoder, from the end, that are left out; CLIP-L has 12.
ClipSkip = Annotated[int, Field(ge=1, le=12)]
Preprocessor = Annotated[str, AfterValidator(OneOf((*PREPROCESSORS, *BY_MODEL)))]
SamplerName = Annotated[str, AfterValidator(OneOf(tuple(SAMPLERS)))]
ScheduleName = Annotated[str, AfterValidator(OneOf(tuple(SCHEDULES)))]
PredictionType = Annotated[str, AfterValidator(OneOf(PREDICTION_TYPES))]
PromptText = Annotated[str, Field(max_length=MOST_CHARACTERS)]
CheckpointName = Annotated[str, NameOf("checkpoint")]
OptionalCheckpointName = Annotated[str, NameOf("checkpoint", none="none")]
VAEName = Annotated[str, NameOf("vae", none="the checkpoint's own")]
LoRAName = Annotated[str, NameOf("lora")]
StyleName = Annotated[str, NameOf("style")]
ControlNetName = Annotated[str, NameOf("controlnet")]
DetectorNames = Annotated[str, NameOf("detector", also=("automatic", "centre"), free=True)]
DetectorModelName = Annotated[str, NameOf("detector")]
UpscalerName = Annotated[str, NameOf("upscaler", also=PIXEL_UPSCALERS)]
RefinerUpscalerName = Annotated[str, NameOf("upscaler", also=(*LATENT_UPSCALERS, *PIXEL_UPSCALERS))]


class StageConfig(BaseModel):
    """The settings of one stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic takes for something else: true as 1, half a character as text."""
        field = cls.model_fields[info.field_name or ""]
        each = value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(one, bool) for one in each) and not _takes(field.annotation, bool):
            message = "true and false are not a number or text; write the value itself"
            raise ValueError(message)
        takes_whole_numbers = _takes(field.annotation, int) and not _takes(field.annotation, float)
        if takes_whole_numbers and any(isinstance(one, float) and abs(one) > 2**53 for one in each):
            message = (
                "so large a number with a point or an exponent is not exact; write all its digits"
            )
            raise ValueError(message)
        for text in each:
            if isinstance(text, str) and (at := _half_character(text)) is not None:
                message = (
                    f"character {at + 1} is half of one ({text[at]!a}) and cannot be saved; "
                    "type it again"
                )
                raise ValueError(message)
        return value


def _takes(annotation: Any, kind: type) -> bool:
    """Whether a field's type allows a value of that kind, or of any."""
    parts = get_args(annotation)
    return annotation is kind or annotation is Any or any(_takes(part, kind) for part in parts)


def _half_character(text: str) -> int | None:
    """Where a lone surrogate stands in a text, as JSON and broken copies may bring it in."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


class SwitchedConfig(StageConfig):
    """The settings of a stage that does nothing until it is switched on."""

    enabled: bool = Field(False, description="Whether this stage runs.")


class LoRAConfig(StageConfig):
    """One LoRA: how much of it, where, and for which share of the steps."""

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
        """Whether it has any effect; from start to stop is said of the denoiser alone."""
        text_encoder = self.weight if self.text_encoder is None else self.text_encoder
        in_denoiser = self.weight != 0 and self.start < self.stop
        return self.enabled and (in_denoiser or text_encoder != 0)

    @model_validator(mode="after")
    def _starts_before_it_stops(self) -> Self:
        if self.start > self.stop:
            message = f"start {self.start:g} is after stop {self.stop:g}"
            raise ValueError(message)
        return self


# LoRAs of one pass: each takes its share of every step, and of the memory.
MOST_LORAS = 64


def asked_loras(prompt: str, loras: Iterable[LoRAConfig]) -> tuple[LoRAConfig, ...]:
    """The LoRAs of a setting that count, then those of the prompt's tags that do.

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
    """The LoRAs that a negative prompt names, where as in A1111 they have no effect."""
    return tuple(dict.fromkeys(tag.name for tag in tagged_loras(negative_prompt)))


def _of_tag(tag: LoRATag) -> LoRAConfig:
    try:
        return LoRAConfig(
            name=tag.name,
            weight=tag.unet,
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


class ControlUnit(StageConfig):
    """One ControlNet: what it is shown, and how much and for how long it counts."""

    model: ControlNetName = Field(min_length=1, description="A model in models/controlnet.")
    preprocessor: Preprocessor = Field(
        "none",
        description="Prepares the picture for the ControlNet: none, canny, scribble, depth …",
    )
    preprocessor_model: DetectorModelName | None = Field(
        None, description="For depth and pose: a model for it in models/detectors."
    )
    people_model: DetectorModelName | None = Field(
        None, description="For pose: a detector of people; empty: one person who fills the picture."
    )
    image: Picture | None = Field(
        None, description="The control picture; empty: the picture being worked on."
    )
    resize_mode: ControlResizeMode | None = Field(
        None,
        description="How its picture is resized; empty: like the start picture if both have the "
        "same size, otherwise crop and resize.",
    )
    weight: float = Field(1.0, ge=0.0, le=2.0, description="Strength.")
    start: Fraction = Field(0.0, description="Share of the steps after which it starts.")
    end: Fraction = Field(1.0, description="Share of the steps after which it stops.")
    enabled: bool = Field(True, description="Whether it is used.")

    @property
    def counts(self) -> bool:
        """Whether it has any effect."""
        return self.enabled and self.weight > 0 and self.start < self.end

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if self.start > self.end:
            message = f"start {self.start:g} is after end {self.end:g}"
            raise ValueError(message)
        if self.preprocessor in BY_MODEL and not self.preprocessor_model:
            kind = self.preprocessor
            message = f"{kind} needs preprocessor_model, a {kind} model in models/detectors"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Sampling:
    """All that one denoising needs besides its pictures; nothing is open."""

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
    prediction_type: str = AUTOMATIC_PREDICTION

    @property
    def asked_loras(self) -> tuple[LoRAConfig, ...]:
        """Those set, and those of the prompt's tags."""
        return asked_loras(self.prompt, self.loras)

    @property
    def unused_loras(self) -> tuple[str, ...]:
        """The LoRAs of tags in the negative prompt: as in A1111 they have no effect there."""
        return unused_loras(self.negative_prompt)


SAMPLING_NAMES = tuple(Sampling.__dataclass_fields__)


# Of a stage's prompt: where the base's stands. As in ADetailer.
BASE = "[PROMPT]"


def with_base(text: str, base: str) -> str:
    """Return a stage's prompt with the base's in place of each [PROMPT].

    Raises:
        ConfigError: that would be longer than a prompt may be.
    """
    if len(text) + text.count(BASE) * len(base) > MOST_CHARACTERS + len(BASE):
        message = (
            f"with the main prompt in place of {BASE} the prompt has over {MOST_CHARACTERS:,} "
            "characters; shorten it"
        )
        raise ConfigError(message)
    return text.replace(BASE, base)


class SamplingConfig(StageConfig):
    """What a stage may set for itself; unset means as the base."""

    checkpoint: CheckpointName | None = Field(
        None, description="Another checkpoint; empty: inherited."
    )
    # As in A1111 and ADetailer: a chosen VAE stays, whichever checkpoint a pass has.
    vae: VAEName | None = Field(
        None,
        description="Another VAE; unset: inherited, also with another checkpoint; "
        "empty text: its checkpoint's own.",
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
    steps: int | None = Field(None, ge=1, le=150, description="Denoising steps; empty: inherited.")
    guidance_scale: float | None = Field(
        None, ge=1.0, le=30.0, description="How closely to follow the prompt; empty: inherited."
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
        """The same settings with the base's in place of what is unset."""
        open_ones = {name: base[name] for name in SAMPLING_NAMES if getattr(self, name) is None}
        # Said of the base's checkpoint; another one speaks for itself.
        if self.prediction_type is None and self.checkpoint not in {None, base["checkpoint"]}:
            open_ones["prediction_type"] = AUTOMATIC_PREDICTION
        # The base's tags are LoRAs of the base: a stage with its own has those alone.
        prompt = base["prompt"] if self.loras is None else without_tags(base["prompt"])
        own = BASE if self.prompt is None else self.prompt
        open_ones["prompt"] = with_base(own, prompt)
        return self.model_copy(update=open_ones)

    def takes_base(self, name: str) -> bool:
        """Whether this setting of the base's is, or is a part of, its own."""
        own = getattr(self, name)
        return own is None or (name == "prompt" and BASE in own)

    @property
    def draws(self) -> bool:
        """Whether anything is denoised: at a strength of 0 no model of the stage's is asked for."""
        return bool(getattr(self, "denoising_strength", None) != 0)

    def sampling(self) -> Sampling:
        """The settings of one denoising, after `filled`."""
        found = {name: getattr(self, name) for name in SAMPLING_NAMES}
        if missing := [name for name, value in found.items() if value is None]:
            message = f"{', '.join(missing)} not set; a config is filled before its stage runs"
            raise TypeError(message)
        return Sampling(**found)


class Img2ImgConfig(SamplingConfig):
    """Stage 3, from a picture."""

    denoising_strength: Fraction = Field(
        0.75, description="How much to repaint: 0 keeps the picture, 1 ignores it."
    )


class InpaintConfig(SamplingConfig):
    """Stage 3, on a part of a picture."""

    mask: Picture | None = Field(None, description="White is repainted, black stays.")
    denoising_strength: Fraction = Field(
        0.75, description="How much to repaint; 1 ignores what was under the mask."
    )
    mask_blur: Pixels = Field(4, ge=0, le=64, description="Softness of the mask's edge, in pixels.")
    masked_content: MaskedContent = Field(
        "original",
        description="What fills the masked area before it is repainted; no effect at strength 1.",
    )
    inverted: bool = Field(False, description="Repaint everything outside the mask instead.")
    only_masked: bool = Field(
        False, description="Enlarge the masked area and repaint it alone, at a higher resolution."
    )
    padding: Pixels = Field(
        32, ge=0, le=256, description="With only_masked: pixels of context around the mask."
    )
    soft: bool = Field(False, description="Grey areas of the mask change partly.")


class OutpaintConfig(SamplingConfig):
    """Stage 3, beyond a picture's edges; its prompt should describe the border."""

    left: Growth = Field(32, description="Pixels to add on the left.")
    right: Growth = Field(32, description="Pixels to add on the right.")
    top: Growth = Field(0, description="Pixels to add at the top.")
    bottom: Growth = Field(0, description="Pixels to add at the bottom.")
    denoising_strength: Fraction = Field(
        0.8, description="How much to repaint the border; 0 only fills it with the edge's colours."
    )
    mask_blur: Pixels = Field(
        4,
        ge=0,
        le=64,
        description="Softness of the seam; 5 times as many pixels inside the picture change.",
    )
    masked_content: Border = Field(
        "fill",
        description="What the border is filled with before it is painted; no effect at strength 1.",
    )


class InstructConfig(SamplingConfig):
    """Stage 3, by an instruction."""

    image_guidance_scale: float = Field(
        1.5, ge=1.0, le=10.0, description="How closely to follow the start picture."
    )


class RefinerConfig(SwitchedConfig, SamplingConfig):
    """Stage 4: the picture enlarged and drawn again (hires fix)."""

    scale: Times = Field(2.0, ge=1.0, le=4.0, description="Enlargement factor.")
    width: Length | None = Field(None, description="Exact width in place of the scale.")
    height: Length | None = Field(None, description="Exact height in place of the scale.")
    upscaler: RefinerUpscalerName = Field(
        "latent", description="latent, latent nearest, lanczos…, or a model in models/upscalers."
    )
    denoising_strength: Fraction = Field(
        0.7, description="How much to repaint; 1 keeps nothing but the size."
    )


# Pixels by which each tile reaches beyond the one before, at least.
LEAST_STRIDE = 8


class UpscalerConfig(SwitchedConfig, SamplingConfig):
    """Stage 8: the picture enlarged, and drawn again in tiles if its strength is above 0."""

    upscaler: UpscalerName = Field(
        "lanczos", description="lanczos, or a model in models/upscalers."
    )
    scale: Times = Field(2.0, ge=1.0, le=8.0, description="Enlargement factor.")
    tile: Pixels = Field(
        192, ge=0, le=2048, description="Side of an upscaler tile in pixels; 0: no tiles."
    )
    overlap: Pixels = Field(16, ge=0, le=256, description="Pixels that neighbouring tiles share.")
    denoising_strength: Fraction = Field(
        0.0,
        description="How much to repaint afterwards, in tiles; above 0.3 tiles may invent objects.",
    )
    diffusion_tile: Side | None = Field(
        None, description="Side of a repainted tile in pixels; empty: the model's own size."
    )
    diffusion_overlap: TileOverlap | None = Field(
        None, description="Pixels that repainted tiles share; empty: a quarter of a tile."
    )

    @model_validator(mode="after")
    def _tiles_go_forward(self) -> Self:
        if self.tile and self.tile < self.overlap + LEAST_STRIDE:
            message = (
                f"tile {self.tile} is too small for overlap {self.overlap}: give tiles at least "
                f"{self.overlap + LEAST_STRIDE} pixels, or 0 for none"
            )
            raise ValueError(message)
        return self


# What stage 3 can do: the stages' names, and enhance for none of them.
MODES = ("txt2img", "img2img", "inpaint", "outpaint", "instruct", "enhance")
Mode = Annotated[str, AfterValidator(OneOf(MODES))]
