"""Qwen-Image 2.1: one stream of words and pictures, with a VAE that reduces sides 16 times."""

from medialab.families.base import PLAIN, Family
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import NATIVE_SIZE, FlowTransformer
from medialab.families.flow.needs import FlowNeeds
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.packing import Tokens
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.latents import Latents
from medialab.families.needs import Widths
from medialab.families.qwen_image21.editing import EDITING
from medialab.families.qwen_image21.encoder import MessageEncoder, count_tokens
from medialab.families.qwen_image21.guidance import GUIDANCE, QwenImage21Guide
from medialab.families.qwen_image21.latents import OpaqueLatents
from medialab.families.qwen_image21.lora import LORAS
from medialab.families.qwen_image21.opening import OPENING
from medialab.families.qwen_image21.recognition import RECOGNITION
from medialab.files.predictions import FLOW

_PIPELINES = "medialab.families.qwen_image21.pipeline"
REDUCTION = 16  # pixels a side that one latent stands for

# Source: diffusers, QwenImage21Pipeline.
QWEN_IMAGE_21 = Family(
    name="qwen-image-2.1",
    recognition=RECOGNITION,
    prediction_type=FLOW,
    opening=OPENING,
    denoiser=FlowTransformer(
        text_encoders=("text_encoder",),
        text_width="context_in_dim",
        native_size=NATIVE_SIZE,
        reduction=REDUCTION,
        places=1,
    ),
    # The language model reads a picture in squares of 2 × 2 latents.
    latents=Latents(channels=64, reduction=REDUCTION, block=2 * REDUCTION, of_videos=True),
    codec=OpaqueLatents(),
    packing=Tokens(side=1),
    # 18.5 maps were measured in float32 at width 768, for one block.
    needs=FlowNeeds(
        maps=20, usual=Widths(32 * 128, 144), places=1, vae_width="base_dim", in_turns=True
    ),
    loras=LORAS,
    encoder=MessageEncoder,
    count_tokens=count_tokens,
    pads_texts=False,
    guide=QwenImage21Guide,
    guidance=GUIDANCE,
    schedulers=FlowSchedulers(),
    noising=FLOW_NOISE,
    reused_blocks=("transformer_blocks",),
    editing=EDITING,
    defaults=Defaults(steps=40, guidance_scale=1.0, sampler=SAMPLER),
    native_sizes={"": NATIVE_SIZE},
    folder_variants=(PLAIN,),
    tasks={
        "text-to-image": f"{_PIPELINES}.QwenImage21StepsPipeline",
        "image-to-image": f"{_PIPELINES}.QwenImage21Img2ImgPipeline",
        "instruct": f"{_PIPELINES}.QwenImage21StepsPipeline",
    },
)
