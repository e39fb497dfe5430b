"""Chroma: a smaller Flux.1 that reads T5 alone, and compares with the negative prompt."""

from medialab.families.base import PLAIN, Family, Recognition
from medialab.families.chroma.encoder import MOST_TOKENS, ChromaEncoder
from medialab.families.chroma.guidance import ChromaGuide
from medialab.families.chroma.lora import LORAS
from medialab.families.chroma.opening import OPENING
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import (
    FLUX_VAES,
    NATIVE_SIZE,
    PLACES,
    REDUCTION,
    FlowTransformer,
)
from medialab.families.flow.needs import FlowNeeds
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.packing import Tokens
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.latents import Latents
from medialab.families.layers import Signature
from medialab.families.needs import Widths
from medialab.families.t5_clip.counting import counting
from medialab.files.predictions import FLOW

# Source: the model card of lodestones/Chroma1-HD; diffusers, ChromaPipeline.
CHROMA = Family(
    name="chroma",
    recognition=Recognition(
        signatures=(Signature((("distilled_guidance_layer",), ("nerf_image_embedder",))),),
        classes=("ChromaTransformer2DModel",),
        written=r"chroma",
    ),
    prediction_type=FLOW,
    opening=OPENING,
    denoiser=FlowTransformer(text_encoders=("text_encoder",)),
    latents=Latents(
        channels=16,
        reduction=REDUCTION,
        block=2 * REDUCTION,
        shared_with="flux",
        vae_names=FLUX_VAES,
    ),
    packing=Tokens(),
    loras=LORAS,
    # Maps of (tokens, width): 22.0 and 22.8, measured in float32 at widths 768 and up, at 768 and
    # 1024 px.
    needs=FlowNeeds(maps=23, usual=Widths(3072 // PLACES, 128), in_turns=True),
    encoder=ChromaEncoder,
    count_tokens=counting(MOST_TOKENS),
    guide=ChromaGuide,
    guidance="true",
    schedulers=FlowSchedulers(),
    # Source: the model card: 40 steps, a guidance of 3.
    defaults=Defaults(steps=40, guidance_scale=3.0, sampler=SAMPLER),
    noising=FLOW_NOISE,
    reused_blocks=("transformer_blocks", "single_transformer_blocks"),
    native_sizes={"": NATIVE_SIZE},
    file_variants=(PLAIN,),
    tasks={"text-to-image": "ChromaPipeline", "image-to-image": "ChromaImg2ImgPipeline"},
)
