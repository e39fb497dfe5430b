"""Z-Image: a flow-matching transformer with a language model as its prompt encoder."""

from medialab.families.base import AUTOMATIC, PLAIN, Family, Latents
from medialab.families.defaults import Defaults
from medialab.families.z_image.denoiser import NATIVE_SIZE, REDUCTION, Transformer
from medialab.families.z_image.encoder import ChatEncoder, count_tokens
from medialab.families.z_image.guidance import GUIDANCE, ZImageGuide
from medialab.families.z_image.needs import TransformerNeeds
from medialab.families.z_image.opening import ZImageOpening
from medialab.families.z_image.recognition import RECOGNITION
from medialab.families.z_image.schedulers import SAMPLER, FlowSchedulers

# Source: the model cards of Tongyi-MAI; diffusers, ZImagePipeline.
Z_IMAGE = Family(
    name="z-image",
    recognition=RECOGNITION,
    opening=ZImageOpening(),
    denoiser=Transformer(),
    # A token stands for 2 × 2 latents, so that pictures have blocks of 16 pixels.
    latents=Latents(channels=16, reduction=REDUCTION, block=2 * REDUCTION, in_float32=True),
    needs=TransformerNeeds(),
    encoder=ChatEncoder,
    count_tokens=count_tokens,
    guide=ZImageGuide,
    guidance=GUIDANCE,
    schedulers=FlowSchedulers(),
    # Of Turbo, the one mostly used. Source: the example of diffusers' ZImagePipeline, 8 steps and a
    # guidance of 0, which is 1 here; the scheduler of the model card's folder.
    defaults=Defaults(steps=8, guidance_scale=1.0, sampler=SAMPLER),
    native_sizes={"": NATIVE_SIZE},
    folder_variants=(PLAIN,),
    tasks={"text-to-image": AUTOMATIC["text-to-image"]},
)
