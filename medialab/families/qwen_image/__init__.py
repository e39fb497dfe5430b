"""Qwen-Image: a flow-matching transformer that a vision-language model tells what to draw."""

from medialab.families.base import PLAIN, Family
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import PLACES, REDUCTION, FlowTransformer
from medialab.families.flow.needs import FlowNeeds
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.packing import Tokens
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.latents import Latents
from medialab.families.needs import Widths
from medialab.families.qwen_image.editing import EDITING, FIRST_EDIT
from medialab.families.qwen_image.encoder import MessageEncoder, count_tokens
from medialab.families.qwen_image.guidance import GUIDANCE, QwenImageGuide
from medialab.families.qwen_image.latents import FrameLatents
from medialab.families.qwen_image.lora import LORAS
from medialab.families.qwen_image.opening import OPENING
from medialab.families.qwen_image.recognition import EDIT, RECOGNITION
from medialab.files.predictions import FLOW

# Pixels. Source: the model card of Qwen-Image, whose square pictures are of 1328 × 1328.
_NATIVE_SIZE = 1328
# Of Lightning, a distillation. Source: the model card of lightx2v's Qwen-Image-Lightning.
_FEW_STEPS = Defaults(steps=8, guidance_scale=1.0, sampler=SAMPLER)

# Source: the model cards of Qwen-Image; diffusers, QwenImagePipeline.
QWEN_IMAGE = Family(
    name="qwen-image",
    recognition=RECOGNITION,
    prediction_type=FLOW,
    editions={
        "text to image": {"_class_name": ("QwenImagePipeline",)},
        "edit": {"_class_name": ("QwenImageEditPlusPipeline",)},
        FIRST_EDIT: {"_class_name": ("QwenImageEditPipeline",)},
        "lightning": {},
        "edit lightning": {},
    },
    # It is told other words than later ones, and the pipeline of a file does not say which.
    folder_editions=(FIRST_EDIT,),
    edition_marks={"edit": EDIT},
    opening=OPENING,
    denoiser=FlowTransformer(text_encoders=("text_encoder",), native_size=_NATIVE_SIZE),
    # A token stands for 2 × 2 latents, so that pictures have blocks of 16 pixels.
    latents=Latents(
        channels=16,
        reduction=REDUCTION,
        block=2 * REDUCTION,
        of_videos=True,
        vae_names=r"qwen",
    ),
    codec=FrameLatents(),
    packing=Tokens(),
    # 15.4 maps were measured in float32 at width 768, for one block.
    needs=FlowNeeds(
        maps=17, usual=Widths(24 * 128 // PLACES, 96), vae_width="base_dim", in_turns=True
    ),
    loras=LORAS,
    encoder=MessageEncoder,
    count_tokens=count_tokens,
    pads_texts=False,
    guide=QwenImageGuide,
    guidance=GUIDANCE,
    schedulers=FlowSchedulers(),
    noising=FLOW_NOISE,
    reused_blocks=("transformer_blocks",),
    editing=EDITING,
    defaults=Defaults(steps=50, guidance_scale=4.0, sampler=SAMPLER),
    edition_defaults={"lightning": _FEW_STEPS, "edit lightning": _FEW_STEPS},
    native_sizes={"": _NATIVE_SIZE},
    file_variants=(PLAIN,),
    folder_variants=(PLAIN,),
    # Built by its class, not from the folder's own pipeline, since those for editing have others.
    tasks={
        "text-to-image": "QwenImagePipeline",
        "image-to-image": "QwenImageImg2ImgPipeline",
        # It draws what that of the first edition draws, too, as texts are encoded before.
        "instruct": "QwenImageEditPlusPipeline",
    },
)
