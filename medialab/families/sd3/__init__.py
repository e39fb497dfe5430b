"""Stable Diffusion 3 and 3.5: a flow-matching transformer that reads two CLIPs and T5."""

from medialab.families.base import PLAIN, Family
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import NATIVE_SIZE, PLACES, REDUCTION, FlowTransformer
from medialab.families.flow.needs import FlowNeeds
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.samplers import NORMAL
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.latents import Latents
from medialab.families.needs import Widths
from medialab.families.sd3.encoder import MOST_TOKENS, SD3Encoder
from medialab.families.sd3.guidance import SD3Guide
from medialab.families.sd3.lora import LORAS
from medialab.families.sd3.opening import OPENING
from medialab.families.sd3.recognition import RECOGNITION
from medialab.families.t5_clip.counting import counting
from medialab.files.predictions import FLOW

# Names of files of its VAE.
_VAES = r"sd[-_ ]?3|stable[-_ ]?diffusion[-_ ]?v?3"
# Source: the model cards of Stability AI; diffusers, StableDiffusion3Pipeline.
SD3 = Family(
    name="sd3",
    recognition=RECOGNITION,
    prediction_type=FLOW,
    editions={"base": {}, "turbo": {}},
    opening=OPENING,
    denoiser=FlowTransformer(text_encoders=("text_encoder", "text_encoder_2", "text_encoder_3")),
    # A token stands for 2 × 2 latents, so that pictures have blocks of 16 pixels.
    latents=Latents(channels=16, reduction=REDUCTION, block=2 * REDUCTION, vae_names=_VAES),
    loras=LORAS,
    # Maps of (tokens, width): 13.5 to 15.3, measured in float32 at widths 768 and up, at 768 and
    # 1024 px. The usual width: 38 heads of 64, of SD3.5 Large.
    needs=FlowNeeds(maps=16, usual=Widths(2432 // PLACES, 128)),
    encoder=SD3Encoder,
    count_tokens=counting(MOST_TOKENS),
    guide=SD3Guide,
    guidance="true",
    # Its pipelines pass no list of their own.
    schedulers=FlowSchedulers(even=NORMAL),
    # Source: the model card of SD3.5 Large; of SD3.5 Large Turbo, 4 steps without guidance.
    defaults=Defaults(steps=28, guidance_scale=4.5, sampler=SAMPLER),
    edition_defaults={"turbo": Defaults(steps=4, guidance_scale=1.0, sampler=SAMPLER)},
    noising=FLOW_NOISE,
    reused_blocks=("transformer_blocks",),
    native_sizes={"": NATIVE_SIZE},
    file_variants=(PLAIN,),
    tasks={
        "text-to-image": "StableDiffusion3Pipeline",
        "image-to-image": "StableDiffusion3Img2ImgPipeline",
    },
)
