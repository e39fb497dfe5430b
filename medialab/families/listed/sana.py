"""Sana and PixArt, whose layers are alike."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature

SANA = KnownFamily(
    name="sana",
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("^blocks.N.cross_attn.q_linear",),
                    ("attention_y_norm", "^blocks.N.attn."),
                    ("transformer_blocks.N.ff.conv_inverted",),
                    ("caption_norm", "caption_projection"),
                ),
                ("^blocks.N.mlp.fc", "y_embedder.y_proj.fc1_uncond", "t_block", "adaln_single"),
            ),
        ),
        classes=("SanaTransformer2DModel", "SanaControlNetModel"),
    ),
)

PIXART = KnownFamily(
    name="pixart",
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("^blocks.N.cross_attn.q_linear", "^blocks.N.mlp.fc"),
                    ("adaln_single", "^pos_embed.", "transformer_blocks.N.attn1."),
                ),
                ("mlp.inverted_conv",),
            ),
        ),
        classes=("PixArtTransformer2DModel",),
    ),
)
