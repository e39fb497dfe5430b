"""Stable Diffusion 1 and 2: one UNet, one CLIP, latents of 4 channels."""

from dataclasses import replace

from medialab.families.base import INPAINT, INSTRUCT, PLAIN, REFINER, Family, Recognition
from medialab.families.unet_clip import FOUR_CHANNELS, ONE_ENCODER

# Source of the sizes: the model cards of runwayml and stabilityai.
SD15 = Family(
    name="sd15",
    recognition=Recognition(text_widths=(768,)),
    denoiser=ONE_ENCODER,
    latents=FOUR_CHANNELS,
    native_sizes={"": 512},
    file_variants=(PLAIN, INPAINT, INSTRUCT),
    folder_variants=(PLAIN, INPAINT, INSTRUCT, REFINER),
    controlnet_files=True,
)
SD2 = Family(
    name="sd2",
    recognition=Recognition(text_widths=(1024,)),
    denoiser=ONE_ENCODER,
    latents=replace(FOUR_CHANNELS, shared_with="sd15"),
    native_sizes={"": 768, "epsilon": 512},
    file_variants=(PLAIN, INPAINT),
    folder_variants=(PLAIN, INPAINT, INSTRUCT, REFINER),
)
