"""Alibaba's Qwen-Image, both generations."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into

QWEN_IMAGE = KnownFamily(
    name="qwen-image",
    recognition=Recognition(
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
    ),
)

QWEN_IMAGE_21 = KnownFamily(
    name="qwen-image-2.1",
    recognition=Recognition(
        signatures=(Signature((("txt_in.text_norm",), ("img_mlp.gate_layer",))),),
        classes=("QwenImage21Transformer2DModel",),
        written=r"qwen[-_ ]?image[-_ ]?2",
    ),
)
