"""Settings that more than one stage has: what they may be, and the names they choose from."""

from typing import Annotated

from pydantic import AfterValidator, Field

from medialab.prompts import MOST_CHARACTERS
from medialab.settings.fields import NameOf, OneOf, Unit
from medialab.settings.samplers import PREDICTION_TYPES, SAMPLERS, SCHEDULES

LATENT_RESIZE = "just resize (latent upscale)"
RESIZE_MODES = ("just resize", "crop and resize", "resize and fill", LATENT_RESIZE)
# A control picture is not encoded, so there are no latents to stretch.
CONTROL_RESIZE_MODES = RESIZE_MODES[:3]
# How a control image is resized that does not belong to another picture. As in A1111's extension.
USUAL_RESIZE = "crop and resize"
LATENT_UPSCALERS = ("latent", "latent nearest", "latent bicubic")
PIXEL_UPSCALERS = ("lanczos", "bicubic", "nearest")
# The upscaler made for what the picture is, chosen when a request is resolved.
AUTOMATIC_UPSCALER = "automatic"
# The meaning of brackets: weights with the mean preserved, weights, ignored, or plain text. As in
# A1111.
EMPHASES = ("original", "no norm", "ignore", "none")
Emphasis = Annotated[str, AfterValidator(OneOf(EMPHASES))]
# The prompt encoder's layer to use, counted from the end, 1 being the last; CLIP-L has 12.
ClipSkip = Annotated[int, Field(ge=1, le=12)]
# The guidance that a denoiser is told, of families that are; 3.5 is that of Flux.1 dev. The range
# is that of Forge's slider.
DistilledGuidance = Annotated[float, Field(ge=0.0, le=30.0)]
USUAL_DISTILLED = 3.5
# Denoising steps that a person may ask for, as many as A1111's slider has.
MOST_ASKED_STEPS = 150
Steps = Annotated[int, Unit("steps"), Field(ge=1, le=MOST_ASKED_STEPS)]
SamplerName = Annotated[str, AfterValidator(OneOf(tuple(SAMPLERS)))]
ScheduleName = Annotated[str, AfterValidator(OneOf(tuple(SCHEDULES)))]
PredictionType = Annotated[str, AfterValidator(OneOf(PREDICTION_TYPES))]
PromptText = Annotated[str, Field(max_length=MOST_CHARACTERS)]
CheckpointName = Annotated[str, NameOf("checkpoint")]
VAEName = Annotated[str, NameOf("vae", none="the checkpoint's own")]
# One name, or several with commas between them.
TextEncoderNames = Annotated[str, NameOf("text encoder", free=True, none="the checkpoint's own")]
LoRAName = Annotated[str, NameOf("lora")]
DetectorModelName = Annotated[str, NameOf("detector")]
