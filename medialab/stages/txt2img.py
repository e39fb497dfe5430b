"""Stage 3: from noise and embeddings to a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from medialab.diffusion.denoising import Asked, Denoised, denoise_all
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.noise import Variation
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.second_checkpoint import Handover, handover_as_record
from medialab.diffusion.together import Places
from medialab.errors import ConfigError
from medialab.process.installation import SHIPPED_CHECKPOINT
from medialab.settings.choices import (
    USUAL_DISTILLED,
    CheckpointName,
    DistilledGuidance,
    PredictionType,
    SamplerName,
    ScheduleName,
    Steps,
    TextEncoderNames,
    VAEName,
)
from medialab.settings.fields import (
    LARGEST_SEED,
    RANDOM_SEED,
    Fraction,
    NameOf,
    SizeConfig,
    Unit,
    reads,
)
from medialab.settings.samplers import AUTOMATIC_PREDICTION, check
from medialab.settings.sampling import SAMPLING_NAMES, Sampling
from medialab.stage import Frame, JointStage, Model, Work, opened_for

OptionalCheckpointName = Annotated[str, NameOf("checkpoint", none="none")]


class Txt2ImgConfig(SizeConfig):
    """Stage 3: from noise to a picture."""

    checkpoint: CheckpointName = Field(
        SHIPPED_CHECKPOINT, description="Name of a model in models/checkpoints."
    )
    vae: VAEName = Field(
        "",
        description="Another VAE, in models/vae, made for the checkpoint's family; "
        "empty: the checkpoint's own.",
    )
    text_encoder: TextEncoderNames = Field(
        "",
        description="Of a checkpoint whose file has none: text encoders in models/text_encoders, "
        "separated by commas; empty: the only ones that fit.",
    )
    prediction_type: PredictionType = Field(
        AUTOMATIC_PREDICTION,
        description="What the checkpoint's denoiser predicts: epsilon or v_prediction; "
        "automatic: as its file says.",
    )
    steps: Steps = Field(20, description="Number of denoising steps.")
    guidance_scale: float = Field(
        5.0,
        ge=1.0,
        le=30.0,
        description="How closely to follow the prompt (CFG scale); 1 ignores the negative prompt.",
    )
    distilled_guidance_scale: DistilledGuidance = Field(
        USUAL_DISTILLED,
        description="The guidance that distilled checkpoints are told, if they read one: they draw "
        "as if compared, in half the time. No others have it.",
    )
    guidance_start: Fraction = Field(
        0.0,
        description="Share of the steps that do not read the negative prompt at the beginning "
        "(Skip Early CFG): they take half the time.",
    )
    guidance_end: Fraction = Field(
        1.0,
        description="Share of the steps after which none reads the negative prompt: the rest "
        "takes half the time.",
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
    batch_size: Annotated[int, Unit("pictures")] = Field(
        1, ge=1, le=64, description="Number of pictures; each uses the next seed."
    )
    handover_checkpoint: OptionalCheckpointName = Field(
        "",
        description="A checkpoint that finishes the picture, as a refiner does; empty: none.",
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
    @reads("steps", "sampler", "schedule")
    def _sampler_honours_schedule_and_steps(self) -> Self:
        try:
            check(self.sampler, self.schedule, self.steps)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def takes_over(self) -> str:
        """The name of the checkpoint that takes over; "" if none does."""
        return self.handover_checkpoint if self.switch_at < 1 else ""


class Txt2ImgStage(JointStage[Txt2ImgConfig]):
    """Denoise one picture from noise that a CPU generator draws from the seed.

    Reads `prompts`, `embeddings` and `controls`; writes `image` (width × height of the settings,
    8-bit RGB). Another checkpoint may take over for the rest of the noise. The scheduler is created
    anew from the checkpoint's own config, so that no state of another run can reach this one.
    """

    name = "txt2img"
    title = "Text to image"
    version = 2
    is_mode = True
    starts_from_noise = True
    settings = Txt2ImgConfig

    def models(self, settings: Txt2ImgConfig) -> Sequence[Model]:
        """Return its checkpoint, and the one that takes over."""
        other = settings.takes_over
        return [*super().models(settings), *([Model("checkpoint", other)] if other else [])]

    def models_used(self, settings: Txt2ImgConfig, applied: Mapping[str, Any]) -> Sequence[Model]:
        """Return `models`, without the checkpoint that takes over if no step was left for it."""
        took_over = applied.get("handover", {}).get("from_call") is not None
        return self.models(settings) if took_over else super().models(settings)

    def run_together(
        self, pictures: Sequence[Work[Txt2ImgConfig]], places: Places | None = None
    ) -> list[Frame]:
        """Read `prompts` and `embeddings` of each picture; write its `image`."""
        settings = pictures[0].settings
        with opened_for(pictures, _sampling_of(pictures[0])) as drawing:
            native = drawing.native_size
            size = settings.width or native, settings.height or native
            asked = [_asked_of(one, drawing, size) for one in pictures]
            denoised = denoise_all(drawing, asked, places)
        return [
            _drawn(one.frame, one.settings, found, self.name)
            for one, found in zip(pictures, denoised, strict=True)
        ]


def _sampling_of(picture: Work[Txt2ImgConfig]) -> Sampling:
    frame = picture.frame
    both = vars(frame.prompts) | dict(picture.settings) | {"control": frame.units}
    own: dict[str, Any] = {name: both[name] for name in SAMPLING_NAMES}
    return Sampling(**own)


def _asked_of(picture: Work[Txt2ImgConfig], drawing: Drawing, size: tuple[int, int]) -> Asked:
    """Return the denoising of a picture of that width and height in pixels."""
    frame, settings, context = picture.frame, picture.settings, picture.context
    sampling, variation, handover = _sampling_of(picture), None, None
    if settings.variation_strength > 0:
        variation = Variation(settings.variation_seed, settings.variation_strength)
    if other := settings.takes_over:
        open_other = partial(context.opened, replace(sampling, checkpoint=other))
        open_base = partial(context.opened, sampling)
        handover = Handover(other, open_other, open_base, settings.switch_at)
    return Asked(
        "text-to-image",
        sampling,
        context.step,
        frame.embeddings,
        drawing.prepared_controls(frame.units, frame.controls),
        DenoisingOptions(variation=variation, handover=handover),
        size,
        retries=context.retries,
    )


def _drawn(frame: Frame, settings: Txt2ImgConfig, denoised: Denoised, stage: str) -> Frame:
    """Return the frame with what was drawn; also that a second checkpoint had no step left."""
    applied = denoised.applied
    if settings.handover_checkpoint and not settings.takes_over:
        record = handover_as_record(
            settings.handover_checkpoint,
            settings.switch_at,
            applied["steps"],
            before=applied["steps"],
        )
        applied |= {"handover": record | {"from_call": None}}
    return frame.drawn(denoised.image).with_applied(stage, **applied)
