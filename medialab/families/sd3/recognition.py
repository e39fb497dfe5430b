"""Rules that recognise SD3 and 3.5: original and diffusers' names, LoRAs and ControlNets."""

from medialab.families.base import Recognition
from medialab.families.layers import Signature, into

RECOGNITION = Recognition(
    signatures=(
        Signature(
            (
                ("joint_blocks.N.",),
                ("^lora_te3_", "^lora_te2_"),
                ("^transformer_blocks.N.norm1_context",),
                ("controlnet_blocks", "pos_embed_input"),
            ),
            (
                *("single_transformer_blocks", "double_blocks", "img_mlp", "=attn1"),
                *(
                    "time_guidance_embed",
                    "token_refiner",
                    "controlnet_x_embedder",
                    "^patch_embed.",
                ),
            ),
            unlike=(into("^transformer_blocks.N.attn.to_q", 3072, 3584),),
        ),
        Signature(
            (("^transformer_blocks.N.attn.to_",), ("^transformer_blocks.N.attn.add_",)),
            (
                "single_transformer_blocks",
                "img_mlp",
                "=attn1",
                "ff.gate",
                "controlnet_x_embedder",
            ),
            needs=(
                into("^transformer_blocks.N.attn.to_q", 1536, 2432),
                into("^transformer_blocks.N.attn.to_k", 1536, 2432),
                into("^transformer_blocks.N.attn.to_v", 1536, 2432),
                into("^transformer_blocks.N.attn.add_", 1536, 2432),
            ),
            last={"transformer_blocks": 37},
        ),
    ),
    classes=("SD3Transformer2DModel", "SD3ControlNetModel"),
    written=r"stable-diffusion-(v?3|3\.5)|sd_?3",
)
