"""Shared by the families whose denoiser is a UNet that reads what CLIP makes of a text."""

from medialab.families.base import Denoiser, Latents

ONE_ENCODER = Denoiser(part="unet", text_encoders=("text_encoder",))
TWO_ENCODERS = Denoiser(part="unet", text_encoders=("text_encoder", "text_encoder_2"))
FOUR_CHANNELS = Latents(channels=4, reduction=8, block=8)
