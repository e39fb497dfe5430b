"""A request: the settings of all stages in one frozen model.

A stage (and its cache key) sees only its own settings. A stage's title, and when it runs, are
defined in its own file; here it has a field.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from medialab.config import notebook
from medialab.errors import ConfigError, shown
from medialab.pixels.geometry import LEAST_DRAWN, MOST_DRAWN
from medialab.process.offloading import Offload
from medialab.process.precisions import AskedPrecision, WeightDtype
from medialab.prompts import tagged_loras, without_tags
from medialab.settings.fields import FITS, OneOf, Picture, StageConfig, Unit, reads
from medialab.settings.sampling import SamplingConfig
from medialab.settings.validation import explain
from medialab.stage import JointStage, PipelineStage
from medialab.stages import MODES, STAGES
from medialab.stages.control import ControlConfig
from medialab.stages.detailer.settings import DetailerConfig
from medialab.stages.finish import FinishConfig
from medialab.stages.img2img import Img2ImgConfig
from medialab.stages.inpaint import InpaintConfig
from medialab.stages.instruct import InstructConfig
from medialab.stages.outpaint import OutpaintConfig
from medialab.stages.prompt import PromptConfig
from medialab.stages.refiner import RefinerConfig
from medialab.stages.source import SourceConfig
from medialab.stages.txt2img import Txt2ImgConfig
from medialab.stages.upscaler import UpscalerConfig

SCHEMA_VERSION: Final = 1
MOST_TOGETHER: Final = 16  # pictures that are denoised at once; a GPU gains little from more
_STAGES: Mapping[str, PipelineStage[Any]] = {stage.name: stage for stage in STAGES}


# The last base's fields come first: in a sidecar, the prompt.
class PipelineConfig(FinishConfig, Txt2ImgConfig, ControlConfig, SourceConfig, PromptConfig):
    """A request as the user makes it. Every setting has a default; unknown ones are refused.

    Settings of the whole picture are at the top level; those of every other stage are under its
    name: `PipelineConfig(prompt="a red car", face={"enabled": True})`. A request does not change;
    `changed` returns another one. All settings, with their limits and meanings, are listed by
    `!python -m medialab --help`, those of one stage by `--help face`, and in docs/settings.md.

    Raises:
        ConfigError: a value is invalid or a name unknown; the message has a sentence for each.
    """

    # Only here are all modes of stage 3 known.
    mode: Annotated[str, AfterValidator(OneOf(MODES))] = Field(
        SourceConfig.model_fields["mode"].default,
        description=SourceConfig.model_fields["mode"].description,
    )
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
    precision: AskedPrecision = Field(
        "automatic",
        description="The numbers that checkpoints compute with. Automatic: the device's own; on a "
        "processor with bfloat16 that, for large models, which is faster there.",
    )
    weight_dtype: WeightDtype = Field(
        "default",
        description="How the denoiser's weights are stored in memory. int8 and fp8_e4m3fn take a "
        "half of the memory of 16 bits; the picture is another one, close to it. int8 is closer.",
    )
    step_cache: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Steps in which the denoiser's first block changes less than this share reuse "
        "what its other blocks added before: faster, and another picture, close to the exact one. "
        "0 computes every step in full; 0.05 to 0.15 are usual. For transformers only.",
    )
    offload: Offload = Field(
        "automatic",
        description="Which parts of a checkpoint wait on the CPU while others compute on a GPU; "
        "the picture is the same. Automatic: as few as fit; parts: text encoders, denoiser and VAE "
        "take turns; groups: the denoiser comes layer by layer.",
    )
    draw_together: Annotated[int, Unit("pictures"), Field(ge=1, le=MOST_TOGETHER)] | None = Field(
        None,
        description="How many pictures of a batch are denoised at once by stage 3; their "
        "last bits are others than alone. 1: one by one; empty: as many as fit on a GPU, and on a "
        "CPU one by one unless two were found to be faster.",
    )
    schema_version: Literal[1] = SCHEMA_VERSION

    if not TYPE_CHECKING:  # which takes the names of the settings from the fields

        def __init__(self, /, *unnamed: Any, **settings: Any) -> None:
            if unnamed:
                message = f"{shown(unnamed[0])} comes without a setting's name"
                raise ConfigError(message).in_code(_hint_for(unnamed[0]))
            try:
                super().__init__(**settings)
            except ValidationError as error:
                raise ConfigError(explain(error, type(self))) from error

        # Pydantic's mark: what it validates itself, such as a request's body, does not come here.
        __init__.__pydantic_base_init__ = True

    @model_validator(mode="after")
    @reads("mode", "width", "height")
    def _size_can_be_drawn(self) -> Self:
        sides = {"width": self.width, "height": self.height}
        wrong = [
            f"{name}={side}"
            for name, side in sides.items()
            if side is not None and not LEAST_DRAWN <= side <= MOST_DRAWN
        ]
        if self.starts_from_noise and wrong:
            fault = ConfigError(
                f"{', '.join(wrong)}: width and height go from {LEAST_DRAWN} to {MOST_DRAWN} pixels"
            ).about(wrong[0].partition("=")[0])
            raise ValueError(str(fault)) from fault
        return self

    @model_validator(mode="after")
    @reads("mode", "prompt", "steps", "sampler", "schedule", *_STAGES)
    def _stages_samplers_take_their_steps(self) -> Self:
        for name, stage in self:
            if not isinstance(stage, SamplingConfig) or not self.draws(name):
                continue
            try:
                stage.check_steps(stage.filled(vars(self)).sampling())
            except ConfigError as error:
                message = f"{name}: {error}"
                raise ValueError(message) from error
        return self

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Build a request from plain values, such as a notebook's parameters.

        Raises:
            ConfigError: a value is invalid or a name unknown, and the message has a sentence for
                each; or they are no settings by their names.
        """
        try:
            given = dict(settings)
        except (TypeError, ValueError) as error:
            message = f"{shown(settings)} is no object: settings with their values"
            raise ConfigError(message).in_code(_hint_for(settings)) from error
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigError(explain(error, cls)) from error

    def changed(self, **settings: Any) -> Self:
        """Return the request with some settings changed, checked like a new one.

        Args:
            **settings: Settings by their names. A stage's may be given in part, as a mapping: the
                others keep their values.

        Raises:
            ConfigError: a value is invalid or a name unknown.
        """
        return self.parse(self.model_dump() | self._with_rest(settings))

    def _with_rest(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings with those of a stage completed by the ones that it has."""
        found = dict(settings)
        for name, value in settings.items():
            own = getattr(self, name, None)
            if isinstance(own, StageConfig) and isinstance(value, Mapping):
                found[name] = own.model_dump() | dict(value)
        return found

    def starting_from(self, picture: str) -> Self:
        """Return the request applied to a stored picture.

        Text to image becomes "enhance": the stages after the third are applied to the picture.

        Args:
            picture: The picture's name, as `Workbench.keep` returns it.
        """
        mode = "enhance" if self.mode == "txt2img" else self.mode
        return self.changed(mode=mode, image=picture)

    @classmethod
    def from_notebook(
        cls, namespace: Mapping[str, Any], *, own: Collection[str] = (), **otherwise: Any
    ) -> Self:
        """Build a request from a notebook's `globals()`, straight after its parameters cell.

        Args:
            namespace: The notebook's `globals()`.
            own: Names of the notebook's parameters that are no settings.
            **otherwise: Settings for what the notebook leaves out.

        Raises:
            ConfigError: a value is invalid or a name unknown; for a number in place of text, the
                message says how to pass text with papermill.
        """
        return cls.parse(otherwise | notebook.settings_in(namespace, cls, own))

    def runs(self, stage: str) -> bool:
        """Return whether the stage of this name has anything to do for this request."""
        return _STAGES[stage].runs(self)

    @property
    def starts_from_noise(self) -> bool:
        """Whether stage 3 draws a picture from noise, with the settings at the top level."""
        return self.mode in _STAGES and _STAGES[self.mode].starts_from_noise

    @property
    def is_drawn(self) -> bool:
        """Whether any stage draws; no other request needs a checkpoint."""
        return self.starts_from_noise or bool(self.drawing_parts())

    @property
    def is_fitted(self) -> bool:
        """Whether the start picture is drawn near the model's size, and enlarged at the end."""
        return self.fit != FITS[0] and self.mode in _STAGES and _STAGES[self.mode].fits

    @property
    def is_varied(self) -> bool:
        """Whether another seed's noise is mixed in, where the picture starts from noise."""
        return self.starts_from_noise and self.variation_strength > 0

    @property
    def hands_over(self) -> bool:
        """Whether a picture of text to image is finished by another checkpoint."""
        return self.mode == "txt2img" and bool(self.takes_over)

    @property
    def shares_steps(self) -> bool:
        """Whether its stage 3 can denoise a picture at once with others.

        A step reuses earlier ones by the picture alone, and not by others that are drawn with it.
        """
        is_joint = isinstance(_STAGES.get(self.mode), JointStage) and self.draws(self.mode)
        return is_joint and not self.hands_over and not self.step_cache

    @property
    def may_draw_together(self) -> bool:
        """Whether several pictures of it may be denoised at once, if that is asked for."""
        return self.batch_size > 1 and self.shares_steps

    def draws(self, stage: str) -> bool:
        """Return whether a stage runs and denoises; at a strength of 0 it does not."""
        own = getattr(self, stage, None)
        return self.runs(stage) and (not isinstance(own, SamplingConfig) or own.draws)

    def texts(self) -> list[str]:
        """Return the prompts of all passes that draw, and those of their detections."""
        return [*(text for _, _, text in self._texts_read()), *self._further_texts()]

    def base_texts(self) -> list[str]:
        """Return the main prompts, as far as a pass that draws is given them."""
        return [text for stage, _, text in self._texts_read() if not stage]

    def takes_base(self, name: str) -> bool:
        """Return whether any pass that draws inherits this setting of the whole picture."""
        parts = self.drawing_parts().values()
        return self.starts_from_noise or any(part.takes_base(name) for part in parts)

    @property
    def takes_base_tags(self) -> bool:
        """Whether any pass has the LoRAs of tags in the main prompt."""
        parts = self.drawing_parts().values()
        return self.starts_from_noise or any(
            part.loras is None and part.takes_base("prompt") for part in parts
        )

    def _further_texts(self) -> list[str]:
        """Return the prompts that stages which draw have besides their own."""
        return [text for part in self.drawing_parts().values() for text in part.further_prompts]

    def drawing_parts(self) -> dict[str, SamplingConfig]:
        """Return the settings of the stages that draw and may have prompts of their own."""
        return {name: getattr(self, name) for name in _drawing_names() if self.draws(name)}

    def _texts_read(self) -> Iterator[tuple[str, str, str]]:
        """Yield those of `_texts` that a pass which draws is given."""
        for stage, name, text in self._texts():
            if stage or self.takes_base(name):
                yield stage, name, text

    def _texts(self) -> Iterator[tuple[str, str, str]]:
        """Yield stage ("" for the whole picture), setting and text of each prompt that is set."""
        for stage, part in ({"": self} | self.drawing_parts()).items():
            for name in ("prompt", "negative_prompt"):
                if (text := getattr(part, name)) is not None:
                    yield stage, name, text

    def lora_names(self) -> set[str]:
        """Return the names of the LoRAs in use: those switched on, and those of tags in prompts.

        As in A1111, a tag in a negative prompt has no effect.
        """
        parts = self.drawing_parts().values()
        fields = [self.loras if self.takes_base("loras") else (), *(part.loras for part in parts)]
        texts = [
            text
            for stage, name, text in self._texts_read()
            if name == "prompt" and (stage or self.takes_base_tags)
        ]
        texts += self._further_texts()
        tagged = [tag.name for text in texts for tag in tagged_loras(text) if tag.counts]
        return {*tagged, *(one.name for loras in fields for one in loras or () if one.counts)}

    def settings_for(self, stage: str, settings: type[StageConfig]) -> Any:
        """Return the settings of one stage, with those that it leaves unset inherited.

        A stage's settings are either in a field of its name, or at the top level.

        Args:
            stage: The stage's name.
            settings: Its settings model.
        """
        own = getattr(self, stage, None)
        if isinstance(own, SamplingConfig):
            return own.filled(vars(self))
        if isinstance(own, StageConfig):
            return own
        fields: dict[str, Any] = {name: getattr(self, name) for name in settings.model_fields}
        if "loras" in fields:
            fields |= self._without_unused_loras()
        return settings.model_construct(**fields)

    def _without_unused_loras(self) -> dict[str, Any]:
        """Return the main prompt and LoRAs without the LoRAs that no pass inherits."""
        found: dict[str, Any] = {}
        if self.loras and not self.takes_base("loras"):
            found["loras"] = ()
        if not self.takes_base_tags and tagged_loras(self.prompt):
            found["prompt"] = without_tags(self.prompt)
        return found


def as_request(given: Any) -> PipelineConfig:
    """Return what was given as a request, if it is one.

    Raises:
        ConfigError: it is something else, such as a prompt or a run; the hint says what to write.
    """
    if isinstance(given, PipelineConfig):
        return given
    message = f"{shown(given)} is no request for a picture"
    if isinstance(getattr(given, "config", None), PipelineConfig):
        raise ConfigError(message).in_code("give its `config`")
    raise ConfigError(message).in_code(_hint_for(given))


def _hint_for(given: Any) -> str:
    """Return how a request is made of something that is none."""
    if isinstance(given, str):
        return f"PipelineConfig(prompt={shown(given)})"
    if isinstance(given, Mapping):
        return "PipelineConfig.parse(settings)"
    return "PipelineConfig(prompt=…)"


@cache
def _drawing_names() -> tuple[str, ...]:
    """Return the names of the settings of stages that may draw, in their order."""
    return tuple(name for name, part in PipelineConfig() if isinstance(part, SamplingConfig))
