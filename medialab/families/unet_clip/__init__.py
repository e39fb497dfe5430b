"""Code shared by the families with a UNet and CLIP text encoders."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medialab.families.base import Family, LoRANames, Task
from medialab.families.capabilities import ControlInputs, Inpainting, Noising, Tiling
from medialab.families.guidance import GuidanceKind, MakeGuide
from medialab.families.latents import Latents
from medialab.families.needs import Needs
from medialab.families.schedulers import Schedulers
from medialab.families.texts import CountTokens, MakeTextEncoder
from medialab.families.unet_clip.control import control_inputs
from medialab.families.unet_clip.counting import count_tokens
from medialab.families.unet_clip.denoiser import UNet
from medialab.families.unet_clip.editing import EDITING
from medialab.families.unet_clip.encoder import ClipEncoder
from medialab.families.unet_clip.guidance import GUIDANCE, UNetGuide
from medialab.families.unet_clip.inpainting import INPAINTING
from medialab.families.unet_clip.lora import UNetClipLoRAs
from medialab.families.unet_clip.needs import UNetNeeds
from medialab.families.unet_clip.opening import UNetClipOpening
from medialab.families.unet_clip.schedulers import ADDED_NOISE, BETAS
from medialab.families.unet_clip.single_files import SingleFile
from medialab.families.unet_clip.tiling import TILING
from medialab.files.predictions import EPSILON

__all__ = [
    "EDITING",
    "FOUR_CHANNELS",
    "SingleFile",
    "UNet",
    "UNetClipOpening",
    "UNetFamily",
]

FOUR_CHANNELS = Latents(channels=4, reduction=8, block=8)
LORAS, NEEDS = UNetClipLoRAs(), UNetNeeds()
_PIPELINES: Mapping[Task, str] = {
    "text-to-image": "StableDiffusionPipeline",
    "image-to-image": "StableDiffusionImg2ImgPipeline",
    "instruct": "StableDiffusionInstructPix2PixPipeline",
}
_CONTROLLED: Mapping[Task, str] = {
    "text-to-image": "StableDiffusionControlNetPipeline",
    "image-to-image": "StableDiffusionControlNetImg2ImgPipeline",
}


@dataclass(frozen=True, kw_only=True)
class UNetFamily(Family):
    """A family with a UNet and CLIP text encoders, with the fields that all of them share."""

    prediction_type: str = EPSILON
    latents: Latents = FOUR_CHANNELS
    loras: LoRANames = LORAS
    needs: Needs = NEEDS
    encoder: MakeTextEncoder = ClipEncoder
    count_tokens: CountTokens = count_tokens
    guide: MakeGuide = UNetGuide
    guidance: GuidanceKind = GUIDANCE
    schedulers: Schedulers = BETAS
    noising: Noising | None = ADDED_NOISE
    tiling: Tiling | None = TILING
    inpainting: Inpainting | None = INPAINTING
    control_inputs: ControlInputs | None = control_inputs
    tasks: Mapping[Task, str] = field(default_factory=lambda: _PIPELINES)
    controlled: Mapping[Task, str] = field(default_factory=lambda: _CONTROLLED)
