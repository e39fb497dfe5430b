"""Shared by the families whose denoiser is a UNet that reads what CLIP makes of a text."""

from medialab.families.base import Latents
from medialab.families.unet_clip.denoiser import UNet
from medialab.families.unet_clip.lora import UNetClipLoRAs
from medialab.families.unet_clip.opening import UNetClipOpening
from medialab.families.unet_clip.single_files import SingleFile

__all__ = ["EDITS", "FOUR_CHANNELS", "LORAS", "SingleFile", "UNet", "UNetClipOpening"]

FOUR_CHANNELS = Latents(channels=4, reduction=8, block=8)
# Of a text, the same for all of them.
LORAS = UNetClipLoRAs()
# Editing by instruction is in no Auto map of diffusers.
EDITS = "StableDiffusionInstructPix2PixPipeline"
