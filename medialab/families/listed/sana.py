"""Sana and PixArt, whose layers are alike."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into
from medialab.files.predictions import EPSILON, FLOW

# Layers of Sana's relatives that make videos.
_OF_VIDEOS = ("ff.conv_temp", "mlp.t_conv", "patch_embedding.", "plucker")

SANA = KnownFamily(
    name="sana",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("^blocks.N.cross_attn.q_linear",),
                    ("attention_y_norm", "^blocks.N.attn."),
                    ("transformer_blocks.N.ff.conv_inverted",),
                    ("caption_norm", "caption_projection"),
                ),
                (
                    *("^blocks.N.mlp.fc", "y_embedder.y_proj.fc1_uncond", "^t_block."),
                    *("adaln_single", *_OF_VIDEOS),
                ),
            ),
            # Of 1.6 billion weights; PixArt has the width of the smaller one.
            Signature(
                (("^transformer_blocks.N.attn1.to_",),),
                _OF_VIDEOS,
                needs=(into("^transformer_blocks.N.attn1.to_", 2240),),
            ),
        ),
        classes=("SanaTransformer2DModel", "SanaControlNetModel"),
        vaes=(Signature((("encoder.down_blocks.N.0.conv1",), ("decoder.stages.",))),),
    ),
)

PIXART = KnownFamily(
    name="pixart",
    prediction_type=EPSILON,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("^blocks.N.cross_attn.q_linear", "^blocks.N.mlp.fc"),
                    ("adaln_single", "^pos_embed.", "transformer_blocks.N.attn1."),
                ),
                ("mlp.inverted_conv",),
                unlike=(into("^transformer_blocks.N.attn1.to_q", 2304),),  # Allegro's
            ),
        ),
        classes=("PixArtTransformer2DModel",),
    ),
)
