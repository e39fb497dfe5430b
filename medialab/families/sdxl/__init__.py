"""Stable Diffusion XL and its refiner: two CLIPs, and the picture's size as conditioning."""

from collections.abc import Mapping
from dataclasses import replace

from medialab.families.base import DISTILLED, INPAINT, INSTRUCT, PLAIN, REFINER, Recognition, Task
from medialab.families.defaults import Defaults
from medialab.families.unet_clip import FOUR_CHANNELS, SingleFile, UNet, UNetClipOpening, UNetFamily
from medialab.families.unet_clip.encoder import PenultimateClipEncoder
from medialab.families.unet_clip.single_files import (
    CLIP_PAD,
    OPEN_CLIP_PAD,
    PLAIN_ENCODER,
    PROJECTING_ENCODER,
)

_REDRAWING: Task = "image-to-image"
_PIPELINES: Mapping[Task, str] = {
    "text-to-image": "StableDiffusionXLPipeline",
    _REDRAWING: "StableDiffusionXLImg2ImgPipeline",
}
_CONTROLLED: Mapping[Task, str] = {
    "text-to-image": "StableDiffusionXLControlNetPipeline",
    _REDRAWING: "StableDiffusionXLControlNetImg2ImgPipeline",
}
XL_WORDS = r"stable-diffusion-xl|sd_?xl"
_REFINERS_WORDS = r"(sd_?xl|stable-diffusion-xl).*refiner"
# Source: diffusers' StableDiffusionXLPipeline and StableDiffusionXLImg2ImgPipeline, the refiner's,
# which say the same of steps and guidance; the scheduler of both model cards' folders.
_DEFAULTS = Defaults(steps=50, guidance_scale=5.0, sampler="Euler")

SDXL = UNetFamily(
    name="sdxl",
    recognition=Recognition(
        text_widths=(2048,),
        written=XL_WORDS,
        not_written=_REFINERS_WORDS,
        embedding_widths=(768, 1280),
    ),
    opening=UNetClipOpening(
        SingleFile(
            _PIPELINES["text-to-image"],
            {
                "text_encoder": (PLAIN_ENCODER, "conditioner.embedders.0.transformer."),
                "text_encoder_2": (PROJECTING_ENCODER, "conditioner.embedders.1.model."),
            },
            {"tokenizer": CLIP_PAD, "tokenizer_2": OPEN_CLIP_PAD},
        ),
        controlnet_files=True,
    ),
    denoiser=UNet(text_encoders=("text_encoder", "text_encoder_2")),
    encoder=PenultimateClipEncoder,
    defaults=_DEFAULTS,
    native_sizes={"": 1024},
    file_variants=(PLAIN, INPAINT),
    # Editing by instruction is left out: its diffusers pipeline has no step callback, so it cannot
    # be stopped.
    folder_variants=(PLAIN, INPAINT, REFINER),
    other_variants=(DISTILLED,),
    tasks=_PIPELINES,
    controlled=_CONTROLLED,
)
SDXL_REFINER = UNetFamily(
    name="sdxl-refiner",
    recognition=Recognition(text_widths=(1280,), written=_REFINERS_WORDS),
    opening=UNetClipOpening(
        SingleFile(
            _PIPELINES[_REDRAWING],
            {"text_encoder_2": (PROJECTING_ENCODER, "conditioner.embedders.0.model.")},
            {"tokenizer_2": OPEN_CLIP_PAD},
        )
    ),
    denoiser=UNet(text_encoders=("text_encoder_2",)),
    latents=replace(FOUR_CHANNELS, shared_with="sdxl"),
    encoder=PenultimateClipEncoder,
    defaults=_DEFAULTS,
    native_sizes={"": 1024},
    file_variants=(REFINER,),
    folder_variants=(PLAIN, INPAINT, INSTRUCT, REFINER),
    tasks={_REDRAWING: _PIPELINES[_REDRAWING]},
    controlled={_REDRAWING: _CONTROLLED[_REDRAWING]},
    finishes="sdxl",
)
