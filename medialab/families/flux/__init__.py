"""Flux.1: a flow-matching transformer that is told its guidance, and reads T5 and CLIP."""

from medialab.families.base import PLAIN, Family
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import FLUX_VAES, NATIVE_SIZE, PLACES, REDUCTION
from medialab.families.flow.needs import FlowNeeds
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.packing import Tokens
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.flux.editing import KontextEditing
from medialab.families.flux.encoder import MOST_TOKENS, FluxEncoder
from medialab.families.flux.guidance import FluxGuide
from medialab.families.flux.lora import LORAS
from medialab.families.flux.opening import OPENING
from medialab.families.flux.recognition import CONFIG_VARIANTS, RECOGNITION, SCHNELL, VARIANTS
from medialab.families.latents import Latents
from medialab.families.needs import Widths
from medialab.families.t5_clip.counting import counting
from medialab.families.t5_clip.denoiser import VariedTransformer
from medialab.files.predictions import FLOW

KONTEXT = "kontext"  # edits pictures by an instruction


def _defaults(steps: int, distilled: float | None) -> Defaults:
    return Defaults(
        steps=steps, guidance_scale=1.0, distilled_guidance_scale=distilled, sampler=SAMPLER
    )


# Source: the model cards of Black Forest Labs; diffusers, FluxPipeline.
FLUX = Family(
    name="flux",
    recognition=RECOGNITION,
    prediction_type=FLOW,
    editions={
        "dev": {},
        "krea": {},
        KONTEXT: {"_class_name": ("FluxKontextPipeline", "FluxKontextInpaintPipeline")},
    },
    variants=VARIANTS,
    config_variants=CONFIG_VARIANTS,
    opening=OPENING,
    denoiser=VariedTransformer(
        text_encoders=("text_encoder", "text_encoder_2"), variants=CONFIG_VARIANTS
    ),
    latents=Latents(channels=16, reduction=REDUCTION, block=2 * REDUCTION, vae_names=FLUX_VAES),
    packing=Tokens(),
    loras=LORAS,
    # Maps of (tokens, width): 17.0 to 18.5, measured in float32 at widths 768 and up, at 768 and
    # 1024 px.
    needs=FlowNeeds(maps=19, usual=Widths(3072 // PLACES, 128), in_turns=True),
    encoder=FluxEncoder,
    count_tokens=counting(MOST_TOKENS),
    guide=FluxGuide,
    guidance="distilled",
    schedulers=FlowSchedulers(),
    defaults=_defaults(28, 3.5),
    edition_defaults={
        "krea": _defaults(28, 4.5),
        KONTEXT: _defaults(28, 2.5),
        SCHNELL: _defaults(4, None),
    },
    noising=FLOW_NOISE,
    reused_blocks=("transformer_blocks", "single_transformer_blocks"),
    native_sizes={"": NATIVE_SIZE},
    file_variants=(PLAIN, SCHNELL),
    folder_variants=(PLAIN, SCHNELL),
    taking_over=(PLAIN, SCHNELL),
    tasks={
        "text-to-image": "FluxPipeline",
        "image-to-image": "FluxImg2ImgPipeline",
        "instruct": "FluxKontextPipeline",
    },
    editing=KontextEditing(most=1, editions=(KONTEXT,)),
)
