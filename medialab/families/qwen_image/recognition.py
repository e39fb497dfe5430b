"""Rules that recognise Qwen-Image: original and diffusers' names, LoRAs and ControlNets."""

from medialab.families.base import Recognition
from medialab.families.layers import Signature, into

# The marker that ComfyUI writes into files of Qwen-Image-Edit-2511.
TIMESTEP_ZERO = "__index_timestep_zero__"
EDIT = Signature(((TIMESTEP_ZERO,),))

RECOGNITION = Recognition(
    signatures=(
        Signature(
            (
                ("transformer_blocks.N.attn.add_k_proj", "transformer_blocks.N.img_mlp.net"),
                ("transformer_blocks.N.attn.add_qkv_proj", "transformer_blocks.N.img_mlp.net"),
                ("transformer_blocks.N.img_mlp.net",),
                ("transformer_blocks.N.img_mod.1",),
                ("time_text_embed", "^img_in", "transformer_blocks.N.attn.add_"),
            ),
            ("img_mlp.experts", "encoder_proj", "txt_in.text_norm", "norm1_context"),
        ),
        Signature(
            (("transformer_blocks.N.attn.to_",), ("transformer_blocks.N.attn.add_",)),
            (
                "single_transformer_blocks",
                "norm1_context",
                "img_mlp.experts",
                "=attn1",
                "ff.gate",
            ),
            needs=(
                into("^transformer_blocks.N.attn.to_q", 3072),
                into("^transformer_blocks.N.attn.to_k", 3072),
                into("^transformer_blocks.N.attn.to_v", 3072),
                into("^transformer_blocks.N.attn.add_", 3072),
            ),
            exactly={"transformer_blocks": 59},
        ),
    ),
    classes=("QwenImageTransformer2DModel", "QwenImageControlNetModel"),
    written=r"qwen[-_ ]?image",
)
