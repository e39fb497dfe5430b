"""Relatives of Flux.1 whose layers have the same names, and the names that tell them apart."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into, out_of
from medialab.files.predictions import FLOW

# Layers of the relatives of Flux.1 that it does not have itself.
NO_FLUX = (
    *("distilled_guidance_layer", "stream_modulation", "to_qkv_mlp_proj", "byt5_in"),
    *("img_attn_q_norm", "img_attn_k_norm", "=.img_attn_qkv", "img_mlp.fc", "img_mod.linear"),
    *("modulation.linear", "individual_token_refiner", "token_refiner.refiner_blocks"),
    *("joint_transformer_blocks", "mode_blocks", "single_transformer_blocks.N.ff."),
    *("double_stream_blocks", "caption_projection", "^time_embed.", "^timestep_embedder."),
    *("time_guidance_embed", "transformer_blocks.N.ff.linear_in"),
)
BFL_BLOCKS = (("^double_blocks.N.",), ("^single_blocks.N.",))
BFL_INPUT = "^double_blocks.N.img_attn"
SINGLE_INPUT, SINGLE_OUTPUT = "^single_blocks.N.linear1", "^single_blocks.N.linear2"
# Highest numbers of the double and the single blocks, in the original's and in diffusers' names.
LONGCAT_BLOCKS = (
    {"double_blocks": 9, "single_blocks": 19},
    {"transformer_blocks": 9, "single_transformer_blocks": 19},
)
OVIS_BLOCKS = (
    {"double_blocks": 5, "single_blocks": 26},
    {"transformer_blocks": 5, "single_transformer_blocks": 26},
)
FLUX2_BLOCKS = {"flux2-klein-4b": (4, 19), "flux2-klein-9b": (7, 23), "flux2-dev": (7, 47)}


def _of_last_blocks(every: tuple[dict[str, int], ...]) -> tuple[Signature, ...]:
    """Return the signatures of a family that only its numbers of blocks distinguish."""
    return tuple(
        Signature((tuple(f"^{blocks}.N." for blocks in last),), NO_FLUX, exactly=last)
        for last in every
    )


LONGCAT = KnownFamily(
    name="longcat",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    *BFL_BLOCKS,
                    ("^time_embed.", "^single_transformer_blocks.N."),
                ),
                tuple(name for name in NO_FLUX if name != "^time_embed."),
                needs=(into("^txt_in", 3584), into("^context_embedder", 3584)),
            ),
            *_of_last_blocks(LONGCAT_BLOCKS),
        ),
        classes=("LongCatImageTransformer2DModel",),
        written=r"longcat",
    ),
)

OVIS = KnownFamily(
    name="ovis",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            *_of_last_blocks(OVIS_BLOCKS),
            Signature((("context_embedder_norm", "^single_transformer_blocks.N."),)),
            Signature(
                (("^timestep_embedder.", "^single_transformer_blocks.N.proj_mlp"),),
                needs=(out_of("^single_transformer_blocks.N.proj_mlp", 24576),),
            ),
        ),
        classes=("OvisImageTransformer2DModel",),
    ),
)
