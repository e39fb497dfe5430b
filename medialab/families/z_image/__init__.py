"""Z-Image: a flow-matching transformer with a language model as its prompt encoder."""

from medialab.families.base import PLAIN, Family
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import FLUX_VAES, NATIVE_SIZE, REDUCTION
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.latents import Latents
from medialab.families.z_image.control import CONTROL
from medialab.families.z_image.denoiser import Transformer
from medialab.families.z_image.encoder import ZImageEncoder, count_tokens
from medialab.families.z_image.guidance import GUIDANCE, ZImageGuide
from medialab.families.z_image.lora import LORAS
from medialab.families.z_image.needs import NEEDS
from medialab.families.z_image.opening import OPENING
from medialab.families.z_image.recognition import RECOGNITION
from medialab.families.z_image.tiling import TILING
from medialab.files.predictions import FLOW

# Source: the model cards of Tongyi-MAI; diffusers, ZImagePipeline.
Z_IMAGE = Family(
    name="z-image",
    recognition=RECOGNITION,
    prediction_type=FLOW,
    # Published ones do not tell; a setting with a line before its name is passed over by diffusers.
    editions={"turbo": {"_edition": ("turbo",)}, "base": {"_edition": ("base",)}},
    opening=OPENING,
    denoiser=Transformer(),
    # A token stands for 2 × 2 latents, so that pictures have blocks of 16 pixels.
    latents=Latents(
        channels=16, reduction=REDUCTION, block=2 * REDUCTION, in_float32=True, vae_names=FLUX_VAES
    ),
    needs=NEEDS,
    loras=LORAS,
    encoder=ZImageEncoder,
    count_tokens=count_tokens,
    pads_texts=False,
    guide=ZImageGuide,
    guidance=GUIDANCE,
    schedulers=FlowSchedulers(),
    # Of Turbo, the one mostly used. Source: the example of diffusers' ZImagePipeline, 8 steps and a
    # guidance of 0, which is 1 here; the scheduler of the model card's folder.
    defaults=Defaults(steps=8, guidance_scale=1.0, sampler=SAMPLER),
    # Source: the model card of Z-Image: 28 to 50 steps, a guidance of 3 to 5.
    edition_defaults={"base": Defaults(steps=28, guidance_scale=4.0, sampler=SAMPLER)},
    noising=FLOW_NOISE,
    reused_blocks=("layers",),
    tiling=TILING,
    control_following=CONTROL,
    native_sizes={"": NATIVE_SIZE},
    file_variants=(PLAIN,),
    folder_variants=(PLAIN,),
    tasks={"text-to-image": "ZImagePipeline", "image-to-image": "ZImageImg2ImgPipeline"},
)
