"""Rules that recognise Flux.1: original and diffusers' names, LoRAs and ControlNets."""

from collections.abc import Mapping
from typing import Any

from medialab.families.base import Recognition
from medialab.families.layers import Signature, into, out_of
from medialab.families.listed.flux import (
    BFL_BLOCKS,
    BFL_INPUT,
    FLUX2_BLOCKS,
    LONGCAT_BLOCKS,
    NO_FLUX,
    OVIS_BLOCKS,
    SINGLE_INPUT,
    SINGLE_OUTPUT,
)

SCHNELL = "schnell"  # few steps, told no guidance
VARIANTS = {
    SCHNELL: Signature((("^img_in", "^double_blocks.N."),), ("guidance_in",)),
    "fill": Signature((("^img_in",),), needs=(into("^img_in", 384),)),
    "control": Signature((("^img_in",),), needs=(into("^img_in", 128),)),
}
CONFIG_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "fill": {"in_channels": 384},
    "control": {"in_channels": 128},
    SCHNELL: {"guidance_embeds": False},
}

RECOGNITION = Recognition(
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
)
