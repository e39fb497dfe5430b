"""Flux.2 Klein: a flow-matching transformer that draws, and edits by reference pictures."""

from medialab.families.base import PLAIN, Family, Recognition, Task
from medialab.families.defaults import Defaults
from medialab.families.flow.denoiser import NATIVE_SIZE
from medialab.families.flow.editing import ReferenceEditing
from medialab.families.flow.noising import FLOW_NOISE
from medialab.families.flow.schedulers import SAMPLER, FlowSchedulers
from medialab.families.flux2_klein.codec import PatchCodec
from medialab.families.flux2_klein.denoiser import REDUCTION, KleinTransformer
from medialab.families.flux2_klein.editing import MOST_AREA
from medialab.families.flux2_klein.encoder import KleinEncoder, count_tokens
from medialab.families.flux2_klein.guidance import GUIDANCE, KleinGuide
from medialab.families.flux2_klein.lora import LORAS
from medialab.families.flux2_klein.needs import NEEDS
from medialab.families.flux2_klein.opening import opening_of
from medialab.families.latents import Latents
from medialab.families.layers import Signature
from medialab.families.listed.flux2 import of_size
from medialab.files.predictions import FLOW

_TASKS: tuple[Task, ...] = ("text-to-image", "image-to-image", "instruct")
_PIPELINE = "medialab.families.flux2_klein.pipeline.KleinPipeline"
# Source: the documentation of black-forest-labs for Klein, up to 4 pictures; diffusers,
# Flux2ImageProcessor's `check_image_input`.
_EDITING = ReferenceEditing(
    most=4, argument="references", least_side=64, longest=8, most_area=MOST_AREA
)


def _klein(
    name: str, signatures: tuple[Signature, ...], written: str, heads: int, text_width: int
) -> Family:
    """Return the family of one size of Flux.2 Klein.

    Args:
        name: Its name.
        signatures: The rules that recognise its layers.
        written: A regular expression for the base model in a trainer's metadata.
        heads: The attention heads of its transformer, which distinguish the sizes' folders.
        text_width: The width of its text encoder.
    """
    return Family(
        name=name,
        recognition=Recognition(
            signatures=signatures,
            written=written,
            classes=("Flux2Transformer2DModel",),
            config={"num_attention_heads": heads},
        ),
        prediction_type=FLOW,
        editions={"distilled": {"is_distilled": (True,)}, "base": {"is_distilled": (False,)}},
        opening=opening_of(text_width),
        denoiser=KleinTransformer(),
        latents=Latents(
            channels=128, reduction=REDUCTION, block=REDUCTION, shared_with="flux2-klein-4b"
        ),
        codec=PatchCodec(),
        needs=NEEDS,
        loras=LORAS[name],
        encoder=KleinEncoder,
        count_tokens=count_tokens,
        guide=KleinGuide,
        guidance=GUIDANCE,
        unguided=("distilled",),
        schedulers=FlowSchedulers(),
        noising=FLOW_NOISE,
        reused_blocks=("transformer_blocks", "single_transformer_blocks"),
        # Source: the model cards of black-forest-labs: 4 steps without guidance, of the base
        # checkpoints 50 steps and a guidance of 4.
        defaults=Defaults(steps=4, guidance_scale=1.0, sampler=SAMPLER),
        edition_defaults={"base": Defaults(steps=50, guidance_scale=4.0, sampler=SAMPLER)},
        native_sizes={"": NATIVE_SIZE},
        file_variants=(PLAIN,),
        folder_variants=(PLAIN,),
        tasks=dict.fromkeys(_TASKS, _PIPELINE),
        editing=_EDITING,
    )


FLUX2_KLEIN_4B = _klein(
    "flux2-klein-4b",
    of_size("flux2-klein-4b", 3072, 7680),
    r"flux[-_. ]?2.*klein.*4b|klein[-_. ]?4b",
    heads=24,
    text_width=2560,
)
FLUX2_KLEIN_9B = _klein(
    "flux2-klein-9b",
    of_size("flux2-klein-9b", 4096, 12288),
    r"flux[-_. ]?2.*klein.*9b|klein[-_. ]?9b",
    heads=32,
    text_width=4096,
)
