"""Tencent's HunyuanImage and HunyuanVideo."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into
from medialab.files.predictions import FLOW

HUNYUAN = (
    *(("img_attn_q_norm",), ("img_attn_k_norm",), ("double_blocks.N.img_mlp.fc",), ("byt5_in",)),
    *(("double_blocks.N.img_mod.linear",), ("single_blocks.N.modulation.linear",)),
    *(("individual_token_refiner",), ("=double_blocks", "=.img_attn_qkv")),
    ("token_refiner.refiner_blocks",),
)

OTHERS = ("modulate_table", "double_blocks.N.attn.")  # JoyImage's

HUNYUAN_IMAGE = KnownFamily(
    name="hunyuan-image",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                HUNYUAN,
                (*OTHERS, "vector_in", "vision_in", "cond_type_embedding", "motion"),
                needs=(
                    into("^double_blocks.N.img_", 3584),
                    into("^single_blocks.N.linear1", 3584),
                    into("^transformer_blocks.N.attn.to_q", 3584),
                ),
            ),
            Signature(
                (("byt5_in", "img_attn_k_norm"), ("byt5_in", "^double_blocks.N.")),
                (*OTHERS, "vector_in", "vision_in", "cond_type_embedding", "motion"),
                unlike=(into("^double_blocks.N.img_", 2048, 3072),),
            ),
        ),
        classes=("HunyuanImageTransformer2DModel",),
        written=r"hunyuan[-_]?image",
    ),
)

HUNYUAN_VIDEO = KnownFamily(
    name="hunyuan-video",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                HUNYUAN,
                (*OTHERS, "byt5_in"),
                needs=(
                    into("^double_blocks.N.img_", 3072),
                    into("^single_blocks.N.linear1", 3072),
                    into("^transformer_blocks.N.attn.to_q", 3072),
                ),
            ),
            Signature(
                (("individual_token_refiner", "^vector_in"), ("vision_in", "byt5_in")),
            ),
        ),
        classes=("HunyuanVideoTransformer3DModel",),
        written=r"hunyuan[-_]?video",
        vaes=(
            Signature(
                (("encoder.down_blocks.N.resnets", "conv_shortcut.conv"),),
                ("latents_mean", "per_channel_statistics"),
            ),
        ),
    ),
)
