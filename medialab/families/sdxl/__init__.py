"""Stable Diffusion XL, and its refiner that finishes the pictures: two CLIPs, and sizes as text."""

from dataclasses import replace

from medialab.families.base import INPAINT, PLAIN, REFINER, Denoiser, Family, Recognition
from medialab.families.unet_clip import FOUR_CHANNELS, TWO_ENCODERS

SDXL = Family(
    name="sdxl",
    recognition=Recognition(text_widths=(2048,)),
    denoiser=TWO_ENCODERS,
    latents=FOUR_CHANNELS,
    native_sizes={"": 1024},
    file_variants=(PLAIN, INPAINT),
    # Editing by instruction is left out: its pipeline in diffusers tells of no step, and cannot be
    # ended.
    folder_variants=(PLAIN, INPAINT, REFINER),
    controlnet_files=True,
)
SDXL_REFINER = Family(
    name="sdxl-refiner",
    recognition=Recognition(text_widths=(1280,)),
    denoiser=Denoiser(part="unet", text_encoders=("text_encoder_2",)),
    latents=replace(FOUR_CHANNELS, shared_with="sdxl"),
    native_sizes={"": 1024},
    file_variants=(REFINER,),
    folder_variants=(PLAIN, INPAINT, "instruct", REFINER),
    finishes="sdxl",
)
