"""Families that make videos."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into
from medialab.files.predictions import FLOW

WAN = KnownFamily(
    name="wan",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("^head.modulation",),
                    ("^blocks.N.self_attn.q.",),
                    ("^blocks.N.cross_attn.k.",),
                    ("^blocks.N.cross_attn.v.",),
                    ("condition_embedder.", "^blocks.N.attn2."),
                    ("^blocks.N.attn2.to_", "^blocks.N.ffn.net"),
                ),
                ("q_proj", "k_proj", "llm_adapter", "q_linear"),
            ),
            Signature(
                (("^blocks.N.attn2.to_k",),),
                ("^blocks.N.ff.",),
                needs=(into("^blocks.N.attn2.to_", 1536, 3072, 5120),),
            ),
        ),
        classes=("WanTransformer3DModel",),
        written=r"\bwan[-_ ]?\d|^wan\b",
    ),
)

LTX_VIDEO = KnownFamily(
    name="ltx-video",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("transformer_blocks.N.attn2.", "patchify_proj"),
                    ("transformer_blocks.N.attn2.", "^proj_in.", "caption_projection"),
                    ("av_ca_a2v_gate_adaln_single",),
                ),
                ("pos_embed", "down_blocks", "up_blocks"),
            ),
        ),
        classes=("LTXVideoTransformer3DModel",),
        vaes=(Signature((("latents_mean", "decoder.conv_in.conv"), ("per_channel_statistics.",))),),
    ),
)

SVD = KnownFamily(
    name="svd",
    recognition=Recognition(
        unet_mark="time_stack",
        classes=("UNetSpatioTemporalConditionModel",),
    ),
)
