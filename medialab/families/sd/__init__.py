"""Stable Diffusion 1 and 2: one UNet, one CLIP, latents of 4 channels."""

from dataclasses import replace

from medialab.families.base import INPAINT, INSTRUCT, PLAIN, REFINER, UNCLIP, Recognition
from medialab.families.defaults import Defaults
from medialab.families.sd.predictions import prediction_of_weights
from medialab.families.sdxl import XL_WORDS
from medialab.families.unet_clip import (
    EDITING,
    FOUR_CHANNELS,
    SingleFile,
    UNet,
    UNetClipOpening,
    UNetFamily,
)
from medialab.families.unet_clip.single_files import CLIP_PAD, OPEN_CLIP_PAD, PLAIN_ENCODER
from medialab.files.predictions import EPSILON

_WORDS_1 = r"stable-diffusion-v?1\b|stable-diffusion-v1|sd_?v?1|sd-?1\.5"
_WORDS_2 = r"stable-diffusion-v?2\b|stable-diffusion-v2|sd_?v2|sd-?2\.[01]"
_FOLDERS = (PLAIN, INPAINT, INSTRUCT, REFINER)
_UNET = UNet(text_encoders=("text_encoder",))
# Source: the guidance of diffusers' StableDiffusionPipeline; the sampler of the model card of 2.1,
# and the steps that diffusers' page on it, DPMSolverMultistepScheduler, finds to be enough. The
# sampler in the folders of version 1, PNDM, is not offered here.
_DEFAULTS = Defaults(steps=20, guidance_scale=7.5, sampler="DPM++ 2M")

# Source of the sizes: the model cards of runwayml and stabilityai.
SD15 = UNetFamily(
    name="sd15",
    recognition=Recognition(text_widths=(768,), written=_WORDS_1, not_written=XL_WORDS),
    opening=UNetClipOpening(
        SingleFile(
            "StableDiffusionPipeline",
            {"text_encoder": (PLAIN_ENCODER, "cond_stage_model.transformer.")},
            {"tokenizer": CLIP_PAD},
        ),
        controlnet_files=True,
    ),
    denoiser=_UNET,
    defaults=_DEFAULTS,
    native_sizes={"": 512},
    file_variants=(PLAIN, INPAINT, INSTRUCT),
    folder_variants=_FOLDERS,
    editing=EDITING,
)
SD2 = UNetFamily(
    name="sd2",
    recognition=Recognition(
        text_widths=(1024,), written=_WORDS_2, predicts=prediction_of_weights, not_written=XL_WORDS
    ),
    opening=UNetClipOpening(
        SingleFile(
            "StableDiffusionPipeline",
            {"text_encoder": (PLAIN_ENCODER, "cond_stage_model.model.")},
            {"tokenizer": OPEN_CLIP_PAD},
            sides={EPSILON: 64},
        )
    ),
    denoiser=_UNET,
    defaults=_DEFAULTS,
    latents=replace(FOUR_CHANNELS, shared_with="sd15"),
    native_sizes={"": 768, EPSILON: 512},
    file_variants=(PLAIN, INPAINT),
    folder_variants=_FOLDERS,
    other_variants=(UNCLIP,),
    editing=EDITING,
)
