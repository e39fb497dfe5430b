"""Flux.1, and its relatives whose layers have the same names."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into, out_of

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


FLUX = KnownFamily(
    name="flux",
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    *BFL_BLOCKS,
                    ("^single_transformer_blocks.N.",),
                    ("^transformer_blocks.N.attn.", "controlnet_x_embedder"),
                ),
                (*NO_FLUX, "img_mlp.net", "txt_norm"),
                unlike=(
                    into("^txt_in", 3584),
                    into("^context_embedder", 3584, 2048),
                    into(BFL_INPUT, 2048, 3584, 4096, 6144),
                    into(SINGLE_INPUT, 2048, 3584, 4096, 6144),
                    out_of(SINGLE_INPUT, 27648, 36864, 55296),
                    into(SINGLE_OUTPUT, 12288, 16384, 24576),
                    into("^single_transformer_blocks.N.attn.to_q", 3584, 4096, 6144),
                    into("^transformer_blocks.N.attn.to_q", 1536, 2432, 3584, 4096, 6144),
                    out_of("^double_blocks.N.img_mlp.0", 18432, 24576, 36864),
                    into("^double_blocks.N.img_mlp.2", 9216, 18432),
                ),
                last={"double_blocks": 18, "single_blocks": 37, "transformer_blocks": 18},
                never=(
                    *(*LONGCAT_BLOCKS, *OVIS_BLOCKS),
                    *(
                        {"double_blocks": one, "single_blocks": other}
                        for one, other in FLUX2_BLOCKS.values()
                    ),
                ),
            ),
        ),
        classes=("FluxTransformer2DModel", "FluxControlNetModel"),
        written=r"flux",
        lookalikes=("chroma", "longcat", "ovis"),
    ),
)

CHROMA = KnownFamily(
    name="chroma",
    recognition=Recognition(
        signatures=(Signature((("distilled_guidance_layer",), ("nerf_image_embedder",))),),
        classes=("ChromaTransformer2DModel",),
        written=r"chroma",
    ),
)

LONGCAT = KnownFamily(
    name="longcat",
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
    recognition=Recognition(
        signatures=_of_last_blocks(OVIS_BLOCKS),
        classes=("OvisImageTransformer2DModel",),
    ),
)
