"""What a person asks for, as frozen models that refuse unknown fields and impossible values.

`PipelineConfig` is the whole request. It is composed of one settings model per stage, so that a
stage (and its cache key) sees its own settings and nothing else. `ResolvedConfig` is the same
request with nothing left open: only that form runs, and only that form is written beside a picture.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from medialab.errors import ConfigError
from medialab.pixels.geometry import LEAST_DRAWN, MOST_DRAWN
from medialab.prompts import WildcardFiles, expand, mentions, tagged_loras, without_tags
from medialab.settings import filenames
from medialab.settings.detailer import DetailerConfig
from medialab.settings.samplers import AUTOMATIC_PREDICTION, check
from medialab.settings.stages import (
    CONTROL_RESIZE_MODES,
    EMPHASES,
    LARGEST_SEED,
    LATENT_RESIZE,
    MODES,
    CheckpointName,
    ClipSkip,
    ControlUnit,
    Emphasis,
    FileFormat,
    FileName,
    Fraction,
    Img2ImgConfig,
    InpaintConfig,
    InstructConfig,
    Length,
    LoRAConfig,
    Mode,
    OptionalCheckpointName,
    OutpaintConfig,
    Picture,
    PredictionType,
    PromptText,
    RefinerConfig,
    ResizeMode,
    SamplerName,
    SamplingConfig,
    ScheduleName,
    StageConfig,
    StyleName,
    SwitchedConfig,
    UpscalerConfig,
    VAEName,
    with_base,
)
from medialab.settings.steps import planned
from medialab.settings.validation import explain, read_json_texts, refuse_numbers_for_text

SCHEMA_VERSION: Final = 1
RANDOM_SEED = -1
# What begins the names of textual inversions and LoRAs among models_sha256.
EMBEDDING, LORA = "embedding/", "lora/"


class PromptConfig(StageConfig):
    """Stage 1: what the picture shows."""

    prompt: PromptText = Field("", description="What the picture should show.")
    negative_prompt: PromptText = Field("", description="What it should not show.")
    styles: tuple[StyleName, ...] = Field(
        (), description="Names from models/styles.csv to add to both prompts."
    )
    emphasis: Emphasis = Field(
        EMPHASES[0],
        description="Brackets: weights (original, no norm), removed (ignore), or text (none).",
    )
    clip_skip: ClipSkip = Field(
        1,
        description="Layer of the text encoder to use: 1 the last, 2 the one before; not for SDXL.",
    )
    loras: tuple[LoRAConfig, ...] = Field((), description="LoRAs for every stage without its own.")


class SizeConfig(StageConfig):
    """How large the picture is that stage 3 makes, or takes."""

    width: Length | None = Field(
        None, description="Width in pixels; empty: the model's size, or that of the start picture."
    )
    height: Length | None = Field(
        None, description="Height in pixels; empty: the model's size, or that of the start picture."
    )


class Txt2ImgConfig(SizeConfig):
    """Stage 3: from noise to a picture."""

    checkpoint: CheckpointName = Field(
        "paperdoll", description="Name of a model in models/checkpoints."
    )
    vae: VAEName = Field(
        "",
        description="Another VAE, in models/vae, made for the checkpoint's family; "
        "empty: the checkpoint's own.",
    )
    prediction_type: PredictionType = Field(
        AUTOMATIC_PREDICTION,
        description="What the checkpoint's denoiser predicts: epsilon or v_prediction; "
        "automatic: as its file says.",
    )
    steps: int = Field(20, ge=1, le=150, description="Number of denoising steps.")
    guidance_scale: float = Field(
        5.0,
        ge=1.0,
        le=30.0,
        description="How closely to follow the prompt (CFG scale); 1 ignores the negative prompt.",
    )
    sampler: SamplerName = Field("DPM++ 2M", description="The method of denoising.")
    schedule: ScheduleName = Field(
        "automatic", description="How noise is distributed over the steps."
    )
    seed: int = Field(
        RANDOM_SEED,
        ge=RANDOM_SEED,
        le=LARGEST_SEED,
        description="The same seed gives the same picture; -1: random.",
    )
    batch_size: int = Field(
        1, ge=1, le=64, description="Number of pictures; each uses the next seed."
    )
    handover_checkpoint: OptionalCheckpointName = Field(
        "",
        description="A checkpoint that finishes the picture, such as SDXL's refiner; empty: none.",
    )
    switch_at: Fraction = Field(
        0.8, description="Share of the noise after which it takes over; 1: never."
    )
    variation_seed: int = Field(
        RANDOM_SEED,
        ge=RANDOM_SEED,
        le=LARGEST_SEED,
        description="Seed of the noise to mix in; -1: random. In a batch it counts up, not seed.",
    )
    variation_strength: Fraction = Field(
        0.0, description="Of text to image: share of the variation's noise; 0: none, 1: all."
    )

    @model_validator(mode="after")
    def _sampler_honours_schedule_and_steps(self) -> Self:
        try:
            check(self.sampler, self.schedule, self.steps)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self


class ControlConfig(SizeConfig):
    """Stage 2: what is followed besides the words."""

    control: tuple[ControlUnit, ...] = Field(
        (), description="ControlNets for every stage without its own."
    )


class SourceConfig(SizeConfig):
    """Before stage 2: the picture that others start from."""

    mode: Mode = Field(
        "txt2img",
        description="What stage 3 does; enhance skips it and works on a given picture.",
    )
    image: Picture | None = Field(
        None, description="The picture to start from, by the name that Workbench.keep returns."
    )
    resize_mode: ResizeMode = Field("just resize", description="How the picture is resized.")

    @model_validator(mode="after")
    def _latents_are_stretched_where_there_are_some(self) -> Self:
        if self.resize_mode == LATENT_RESIZE and self.mode not in {"txt2img", "img2img"}:
            message = (
                f"resize_mode {LATENT_RESIZE!r} is for mode 'img2img'; for mode {self.mode!r} "
                f"choose one of {', '.join(CONTROL_RESIZE_MODES)}"
            )
            raise ValueError(message)
        return self


class FinishConfig(StageConfig):
    """Stage 9: the last touch before a picture is kept."""

    sharpen: float = Field(
        0.0, ge=0.0, le=2.0, description="How much to sharpen edges; 0: not at all."
    )
    colour_match: Fraction = Field(
        0.0, description="How far to bring colours back to those of stage 3; 0: not at all."
    )
    format: FileFormat = Field("png", description="File format: png, jpeg or webp.")
    quality: int = Field(
        90, ge=1, le=100, description="For jpeg and webp: higher is better, and a larger file."
    )
    lossless: bool = Field(True, description="Whether a webp keeps every pixel's value.")
    file_name: FileName = Field(
        filenames.DEFAULT,
        min_length=1,
        max_length=200,
        description="Name after the file's number: text, and tokens like [seed] or [date].",
    )


# The last base's fields come first: in a sidecar, the prompt.
class PipelineConfig(FinishConfig, Txt2ImgConfig, ControlConfig, SourceConfig, PromptConfig):
    """A whole request, as a person asks it. Every field has a default; unknown ones are refused.

    What belongs to the picture as a whole stands at the top; each other stage's settings are under
    its own name.

    Raises `pydantic.ValidationError`; `parse` raises `ConfigError` with a sentence per fault.
    """

    img2img: Img2ImgConfig = Field(Img2ImgConfig(), description="Stage 3, from a picture.")
    inpaint: InpaintConfig = Field(InpaintConfig(), description="Stage 3, on a part of a picture.")
    outpaint: OutpaintConfig = Field(
        OutpaintConfig(), description="Stage 3, beyond a picture's edges."
    )
    instruct: InstructConfig = Field(InstructConfig(), description="Stage 3, by an instruction.")
    refiner: RefinerConfig = Field(RefinerConfig(), description="Stage 4: the hires fix.")
    body: DetailerConfig = Field(DetailerConfig(), description="Stage 5: bodies repainted.")
    face: DetailerConfig = Field(DetailerConfig(), description="Stage 6: faces repainted.")
    hand: DetailerConfig = Field(DetailerConfig(), description="Stage 7: hands repainted.")
    upscaler: UpscalerConfig = Field(UpscalerConfig(), description="Stage 8: enlarged.")
    made_for: dict[Picture, Picture] = Field(
        default_factory=dict,
        description="For each mask, the picture it was painted for; with another it is set aside.",
    )
    schema_version: Literal[1] = SCHEMA_VERSION

    @model_validator(mode="after")
    def _size_can_be_drawn(self) -> Self:
        sides = {"width": self.width, "height": self.height}
        wrong = [
            f"{name}={side}"
            for name, side in sides.items()
            if side is not None and not LEAST_DRAWN <= side <= MOST_DRAWN
        ]
        if self.mode == "txt2img" and wrong:
            fault = ConfigError(
                f"{', '.join(wrong)}: width and height go from {LEAST_DRAWN} to {MOST_DRAWN} pixels"
            ).about(wrong[0].partition("=")[0])
            raise ValueError(str(fault)) from fault
        return self

    @model_validator(mode="after")
    def _stages_samplers_take_their_steps(self) -> Self:
        for name, stage in self:
            if not isinstance(stage, SamplingConfig) or not self.draws(name):
                continue
            try:
                own = stage.filled(vars(self)).sampling()
                exact = stage is self.refiner
                strength = self.refiner.denoising_strength if exact else None
                planned(own.sampler, own.schedule, own.steps, strength, exact=exact)
            except ConfigError as error:
                message = f"{name}: {error}"
                raise ValueError(message) from error
        return self

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Build from plain values, e.g. a notebook's parameters; `ConfigError` names each fault."""
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise ConfigError(explain(error, cls)) from error

    def changed(self, **settings: Any) -> Self:
        """The same request with some settings changed, checked like a new one."""
        return self.parse(self.model_dump() | settings)

    @classmethod
    def from_notebook(cls, namespace: Mapping[str, Any]) -> Self:
        """Build from a notebook's `globals()`, straight after its parameters cell.

        papermill checks no parameter: a misspelt `-p stepz 3` would be ignored. Here every plain
        value must be a setting; modules, functions and IPython's own names are passed over. Text
        in place of a list or of a stage's settings is read as JSON.

        Raises:
            ConfigError: a value that cannot be used; of a number that was meant as text the
                message says how papermill is told so.
        """
        plain = (str, int, float, bool, list, dict, type(None))
        ipython = {"In", "Out"}
        settings = {
            name: value
            for name, value in namespace.items()
            if isinstance(value, plain) and not name.startswith("_") and name not in ipython
        }
        refuse_numbers_for_text(settings, cls)
        return cls.parse(read_json_texts(settings, cls))

    def runs(self, stage: str) -> bool:
        """Whether a stage has anything to do: it is switched on, or it is the mode's own."""
        if stage in MODES:
            return self.mode == stage
        if stage == "source":
            return self.mode != "txt2img"
        if stage == "control":  # other passes prepare what they follow themselves
            return self.mode == "txt2img" and any(unit.counts for unit in self.control)
        if stage == "prompt":
            return self.mode == "txt2img" or bool(self._sampling_parts())
        own = getattr(self, stage, None)
        return own.enabled if isinstance(own, SwitchedConfig) else True

    @property
    def is_varied(self) -> bool:
        """Whether another seed's noise is mixed in: text to image alone begins with noise."""
        return self.mode == "txt2img" and self.variation_strength > 0

    def draws(self, stage: str) -> bool:
        """Whether a stage runs and denoises: one at a strength of 0 does not."""
        own = getattr(self, stage, None)
        return self.runs(stage) and (not isinstance(own, SamplingConfig) or own.draws)

    def texts(self) -> list[str]:
        """All that is asked for in words: prompts of passes that draw, and their detections'."""
        return [*(text for _, _, text in self._texts_read()), *self._texts_of_finds()]

    def base_texts(self) -> list[str]:
        """The base's prompts, as far as a pass that draws is told them."""
        return [text for stage, _, text in self._texts_read() if not stage]

    def negative_texts(self) -> list[str]:
        """Those of all texts that say what is not to be shown."""
        return [text for _, name, text in self._texts_read() if name == "negative_prompt"]

    def takes_base(self, name: str) -> bool:
        """Whether any pass that draws takes over this setting of the base's."""
        parts = self._sampling_parts().values()
        return self.mode == "txt2img" or any(part.takes_base(name) for part in parts)

    @property
    def takes_base_tags(self) -> bool:
        """Whether the LoRAs of tags in the base's prompt are any pass's."""
        parts = self._sampling_parts().values()
        return self.mode == "txt2img" or any(
            part.loras is None and part.takes_base("prompt") for part in parts
        )

    def _texts_of_finds(self) -> list[str]:
        """The prompts of edited finds, where their stage runs."""
        return [
            find.prompt
            for name, part in self
            if isinstance(part, DetailerConfig) and self.runs(name)
            for find in part.drawn_edits
            if find.prompt
        ]

    def _sampling_parts(self) -> dict[str, SamplingConfig]:
        """The settings of the stages that draw and may have prompts and LoRAs of their own."""
        return {
            name: part
            for name, part in self
            if isinstance(part, SamplingConfig) and self.draws(name)
        }

    def _texts_read(self) -> Iterator[tuple[str, str, str]]:
        """Those of `_texts` that a pass which draws is told."""
        for stage, name, text in self._texts():
            if stage or self.takes_base(name):
                yield stage, name, text

    def _texts(self) -> Iterator[tuple[str, str, str]]:
        """Stage ("" for the base), setting and text of each prompt that is set."""
        for stage, part in ({"": self} | self._sampling_parts()).items():
            for name in ("prompt", "negative_prompt"):
                if (text := getattr(part, name)) is not None:
                    yield stage, name, text

    def lora_names(self) -> set[str]:
        """The LoRAs in use: those switched on, and those of tags in what is to be shown.

        As in A1111 a tag in a negative prompt brings nothing in.
        """
        parts = self._sampling_parts().values()
        fields = [self.loras if self.takes_base("loras") else (), *(part.loras for part in parts)]
        texts = [
            text
            for stage, name, text in self._texts_read()
            if name == "prompt" and (stage or self.takes_base_tags)
        ]
        texts += self._texts_of_finds()
        tagged = [tag.name for text in texts for tag in tagged_loras(text) if tag.counts]
        return {*tagged, *(one.name for loras in fields for one in loras or () if one.counts)}

    def settings_for(self, stage: str, settings: type[StageConfig]) -> Any:
        """This request's slice of one stage's settings, with the base's where it leaves some open.

        A stage has either a field of its name, or its settings stand at the top.
        """
        own = getattr(self, stage, None)
        if isinstance(own, SamplingConfig):
            return own.filled(vars(self))
        if isinstance(own, StageConfig):
            return own
        fields: dict[str, Any] = {name: getattr(self, name) for name in settings.model_fields}
        if stage == "prompt":
            fields |= self._without_unused_loras()
        return settings.model_construct(**fields)

    def _without_unused_loras(self) -> dict[str, Any]:
        """The base's prompt and LoRAs without those that no pass which draws takes over."""
        found: dict[str, Any] = {}
        if self.loras and not self.takes_base("loras"):
            found["loras"] = ()
        if not self.takes_base_tags and tagged_loras(self.prompt):
            found["prompt"] = without_tags(self.prompt)
        return found


class Prompts(NamedTuple):
    """What one pass is told to show, and not to show."""

    prompt: str
    negative_prompt: str


class ResolvedConfig(PipelineConfig):
    """A request with nothing left open: seed drawn, sizes set, the checkpoint known by content."""

    width: Length
    height: Length
    seed: int = Field(ge=0, le=LARGEST_SEED)
    checkpoint_sha256: str = Field(
        min_length=64, max_length=64, description="What the checkpoint's files hold."
    )
    models_sha256: dict[str, str] = Field(
        default_factory=dict, description="What the other models' files hold, by kind/name."
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Number of CPU threads; it affects the last bits of the result.",
    )

    @property
    def prompts(self) -> dict[str, Prompts]:
        """The prompts of every pass that draws, by its stage, the inherited ones too.

        A detailer's say what it is told of all its finds; the record tells those of each.
        """
        base = Prompts(self.prompt, self.negative_prompt)
        found = {"txt2img": base} if self.runs("txt2img") else {}
        for name, part in self._sampling_parts().items():
            filled = part.filled(vars(self))
            texts = (filled.prompt or "", filled.negative_prompt or "")
            found[name] = Prompts(
                *(with_base(text, own) or own for text, own in zip(texts, base, strict=True))
            )
        return found

    def sha256_of(self, kind: str, name: str) -> str | None:
        """What the model of that name held when this was resolved; None if it names none such."""
        if (kind, name) == ("checkpoint", self.checkpoint):
            return self.checkpoint_sha256
        return self.models_sha256.get(f"{kind}/{name}")

    def asked(self) -> PipelineConfig:
        """The same settings without the ties to the models' content and this machine's threads."""
        ties = set(ResolvedConfig.model_fields) - set(PipelineConfig.model_fields)
        return PipelineConfig.parse(self.model_dump(exclude=ties))

    def singles(self, wildcards: Path | None = None) -> "list[ResolvedConfig]":
        """One config per picture of the batch; each makes its picture alone, byte for byte.

        What prompts leave to chance is drawn from each picture's own seed; `wildcards` is the
        folder of the files that they name.

        Raises:
            ConfigError: a prompt names a wildcard that is not there.
        """
        # As in A1111: pictures of a variation share the seed and count the variation's up.
        counted = "variation_seed" if self.is_varied else "seed"
        first = getattr(self, counted)
        files = WildcardFiles(wildcards)  # read once for all
        return [
            self.model_copy(
                update={counted: (first + k) % (LARGEST_SEED + 1), "batch_size": 1}
            ).drawn(files)
            for k in range(self.batch_size)
        ]

    def drawn(self, wildcards: Path | WildcardFiles | None) -> "ResolvedConfig":
        """The same with nothing in its prompts left to chance, and no hash but of what it uses."""
        found: dict[str, dict[str, str]] = {}
        for stage, name, text in self._texts():
            found.setdefault(stage, {})[name] = expand(text, self.seed, wildcards)
        stages = {
            stage: getattr(self, stage).model_copy(update=texts)
            for stage, texts in found.items()
            if stage
        }
        for name, part in self:
            if isinstance(part, DetailerConfig) and part.detections is not None and self.runs(name):
                own = stages.get(name, part)
                stages[name] = own.drawn(partial(expand, seed=self.seed, wildcards=wildcards))
        drawn = self.model_copy(update={**found[""], **stages})
        return drawn.model_copy(
            update={
                "models_sha256": {
                    name: sha256 for name, sha256 in self.models_sha256.items() if drawn.uses(name)
                }
            }
        )

    def uses(self, name: str) -> bool:
        """Whether a model of `models_sha256`, which says kind/name, is asked for."""
        if name.startswith(EMBEDDING):
            return any(mentions(name.removeprefix(EMBEDDING), text) for text in self.texts())
        return not name.startswith(LORA) or name.removeprefix(LORA) in self.lora_names()

    def loras_used(self) -> list[str]:
        """The LoRAs whose content it is tied to."""
        return [name.removeprefix(LORA) for name in self.models_sha256 if name.startswith(LORA)]

    def embeddings(self) -> list[str]:
        """The textual inversions that its prompts name."""
        return [
            name.removeprefix(EMBEDDING)
            for name in self.models_sha256
            if name.startswith(EMBEDDING)
        ]
